import type { Merchant } from '../merchants.ts'
import type { Refusal } from '../refusals.ts'

/**
 * What money may be transferred for, and what has to be said about it: each of these exactly once.
 * For the scenes where we do not know the names, anything goes.
 */
const SCENES: Readonly<Record<string, readonly string[] | undefined>> = {
  1000: ['活动名称', '奖励说明'],
  1002: undefined,
  1004: undefined,
  1005: undefined,
  1006: undefined,
  1009: undefined,
  1010: undefined,
  1011: undefined,
  1013: undefined,
}

export function refuseScene(
  { transferScenes }: Merchant,
  scene: string,
  reported: readonly { readonly info_type: string }[],
): Refusal | undefined {
  const granted = scene in SCENES && (transferScenes === null || transferScenes.includes(scene))
  if (!granted) return 'scene_not_granted'
  const wanted = SCENES[scene]
  if (wanted === undefined) return reported.length > 0 ? undefined : 'scene_not_reported'
  const said = reported.map(({ info_type }) => info_type)
  const complete = said.length === wanted.length && wanted.every((name) => said.includes(name))
  return complete ? undefined : 'scene_not_reported'
}
