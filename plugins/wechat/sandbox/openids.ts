/** Whoever pays an order that names nobody. */
export const ANYBODY = 'oSimulatedPayer0000000000001'

/** The same person as another app knows them: WeChat gives each app openids of its own. */
export function openidUnder(openid: string, appid: string): string {
  const turn = [...appid].reduce((sum, character) => sum + character.charCodeAt(0), 0)
  const turned = Array.from(openid.slice(1), (character, index) => {
    const at = LETTERS.indexOf(character)
    return at < 0 ? character : LETTERS.charAt((at + turn + index) % LETTERS.length)
  })
  return `o${turned.join('')}`
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
