import type { Core } from '../core.ts'
import { raiseConfigRevision } from '../routing/config-revision.ts'
import { type SealContext, seal, sealingKeyOf, sealProblem, unseal } from './seal.ts'
import { type SealedText, sealedTexts } from './sealed-texts.ts'

export interface ResealReport {
  readonly resealed: number
  /** How many texts each key still seals, by its id, counted when all was done. */
  readonly sealedBy: Readonly<Record<string, number>>
  /** Texts that do not open, and why; they stay as they are. */
  readonly stuck: readonly { readonly context: SealContext; readonly problem: string }[]
}

/** Rows that are read, and at most written, in one batch. */
const ROWS = 50

/**
 * Seals all that another key of the ring has sealed with the first one.
 *
 * Safe while gateways run and while somebody else does the same: a text is replaced only where it is
 * still the one that was opened. Stopped at any moment it can be started again; what is done stays
 * done. Gateways have to have the first key already, or they can't open what it sealed.
 */
export async function reseal(core: Core, rows = ROWS): Promise<ResealReport> {
  let resealed = 0
  const stuck: ResealReport['stuck'][number][] = []
  for await (const page of sealedTexts(core, rows)) {
    const replaced = await resealPage(core, page)
    resealed += replaced.resealed
    stuck.push(...replaced.stuck)
  }
  return { resealed, stuck, sealedBy: await countBySealingKey(core, rows) }
}

async function resealPage(core: Core, page: readonly SealedText[]) {
  const { keyRing } = core.ports
  const stuck: ResealReport['stuck'][number][] = []
  const replacements = []
  for (const text of page) {
    const { context, sealed } = text
    if (sealingKeyOf(sealed) === keyRing[0].id) continue
    const opened = await unseal(keyRing, context, sealed)
    if (opened.ok) replacements.push(text.replaceBy(await seal(keyRing, context, opened.value)))
    else stuck.push({ context, problem: sealProblem(opened.refusal) })
  }
  const [first, ...others] = replacements
  if (first === undefined) return { resealed: 0, stuck }
  const results = await core.store.write.batch([
    // What isolates remember, and caches hold, is sealed with the key that is to go.
    raiseConfigRevision(core.store),
    first,
    ...others,
  ])
  const replaced = results.slice(1) as readonly (readonly unknown[])[]
  return { resealed: replaced.flat().length, stuck }
}

/** How many texts each key seals. A key that seals none can be taken out of the ring. */
export async function countBySealingKey(
  core: Core,
  rows = ROWS,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = Object.fromEntries(
    core.ports.keyRing.map(({ id }) => [id, 0]),
  )
  for await (const page of sealedTexts(core, rows)) {
    for (const { sealed } of page) {
      const id = sealingKeyOf(sealed) ?? 'unreadable'
      counts[id] = (counts[id] ?? 0) + 1
    }
  }
  return counts
}
