/** Pages that a payer's browser sees. */
export function page(title: string, content: string, status = 200): Response {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>`
  const html = `<!doctype html><html lang="zh-CN"><head>${head}</head><body><h1>${escaped(title)}</h1>${content}</body></html>`
  return new Response(html, { status, headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** With one more pair of its query; whatever was there stays. */
export function withParameters(address: string, added: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(added)) url.searchParams.set(name, value)
  return url.href
}
