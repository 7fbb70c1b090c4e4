import { reseal as sealAnew } from '../../../core/sealing/reseal.ts'
import { type Command, Wrong } from './command.ts'

export const reseal: Command = {
  usage: '',
  does: 'seals every secret and setting with the first master key, and says how many each key still seals',
  options: {},
  async run({ core, print, remark }) {
    const { resealed, sealedBy, stuck } = await sealAnew(core)
    print(`${resealed} sealed anew`)
    for (const [id, count] of Object.entries(sealedBy)) print(`key ${id} seals ${count}`)
    for (const { context, problem } of stuck) remark(`${context} does not open: ${problem}`)
    if (stuck.length > 0) throw new Wrong(`${stuck.length} do not open: keep the old keys`)
  },
}
