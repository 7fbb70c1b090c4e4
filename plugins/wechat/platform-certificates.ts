import * as z from 'zod'
import { type ChannelPorts, DAY_MS, HOUR_MS, SECOND_MS } from '../../core/plugin/api.ts'
import { type Certificate, isSameSerial, readCertificate } from './certificate.ts'
import { publicKeyOf, type WechatConfig } from './config.ts'
import { sendToEither } from './hosts.ts'
import { parseJson } from './json.ts'
import { spkiOf } from './key-material.ts'
import { signedRequest } from './request.ts'
import { open, sealedSchema } from './sealed.ts'
import { verify } from './verify.ts'

/**
 * The platform certificates that are valid now: fetched when we have none, and again every hour.
 * When fetching fails, the ones we have go on being used until they expire.
 */
export async function currentCertificates(
  ports: ChannelPorts,
  config: WechatConfig,
): Promise<readonly Certificate[]> {
  const kept = await readKept(ports, config)
  if (kept !== undefined && ports.clock.now() - kept.fetchedAtMs < HOUR_MS) return kept.certificates
  return (await fetched(ports, config)) ?? kept?.certificates ?? []
}

/** Fetched anew, for somebody named a certificate that is not among the ones we have. */
export async function refreshedCertificates(
  ports: ChannelPorts,
  config: WechatConfig,
): Promise<readonly Certificate[]> {
  return (await fetched(ports, config)) ?? []
}

// What is kept is the answer as it came, still sealed with the APIv3 key: whoever can write to a
// shared cache cannot plant a certificate in it.
const KEPT = 'platform-certificates'
const FETCHED_JUST_NOW = 'platform-certificates-fetched-just-now'
/** Anybody can send us callbacks that name serials we do not know; not each may cost a fetch. */
const PAUSE_MS = 10 * SECOND_MS
/** Short: a callback may be waiting, and WeChat waits five seconds for its acknowledgement. */
const TIMEOUT_MS = 3 * SECOND_MS

const keptSchema = z.object({ fetchedAtMs: z.number(), answer: z.string() })

const answerSchema = z.object({
  data: z.array(z.object({ encrypt_certificate: z.unknown() })),
})

interface Kept {
  readonly fetchedAtMs: number
  readonly certificates: readonly Certificate[]
}

async function readKept(ports: ChannelPorts, config: WechatConfig): Promise<Kept | undefined> {
  const kept = keptSchema.safeParse(parseJson((await ports.cache.get(KEPT)) ?? ''))
  if (!kept.success) return undefined
  const { fetchedAtMs, answer } = kept.data
  const certificates = validNow(await openAll(config, answer), ports)
  return certificates.length > 0 ? { fetchedAtMs, certificates } : undefined
}

/**
 * @returns nothing when they could not be had, or were fetched a moment ago
 * @see WeChat Pay APIv3 "GET /v3/certificates" (reference §4)
 */
async function fetched(
  ports: ChannelPorts,
  config: WechatConfig,
): Promise<readonly Certificate[] | undefined> {
  if ((await ports.cache.get(FETCHED_JUST_NOW)) !== undefined) return undefined
  const answer = await fetchAnswer(ports, config)
  await ports.cache.put(FETCHED_JUST_NOW, 'yes', PAUSE_MS)
  if (typeof answer !== 'string') {
    ports.log.write('error', 'platform certificates of WeChat Pay were not fetched', answer)
    return undefined
  }
  const kept = { fetchedAtMs: ports.clock.now(), answer }
  await ports.cache.put(KEPT, JSON.stringify(kept), DAY_MS)
  return validNow(await openAll(config, answer), ports)
}

interface Trouble {
  readonly [field: string]: string
  readonly because: string
}

async function fetchAnswer(ports: ChannelPorts, config: WechatConfig): Promise<string | Trouble> {
  const call = { method: 'GET', path: '/v3/certificates', timeoutMs: TIMEOUT_MS } as const
  // Names no key to sign with: this may be the first call of all, made without knowing one.
  const request = await signedRequest(ports, config, call, undefined)
  if (!request.ok) return { because: request.refusal }
  const answer = await sendToEither(ports, request.value)
  if (answer.kind === 'not_sent') return { because: answer.reason }
  if (answer.kind === 'unknown') return { because: answer.evidence }
  if (answer.status !== 200) return { because: `answered ${answer.status}` }

  // The answer brings the key that it is signed with. Opening it comes first: only WeChat and the
  // merchant have the APIv3 key. Then the signature says that the list is whole and of today.
  const text = new TextDecoder().decode(answer.body)
  const certificates = validNow(await openAll(config, text), ports)
  if (certificates.length === 0) return { because: 'none of them opens with the APIv3 key' }
  const message = {
    header: (name: string) => answer.headers.get(name),
    body: answer.body,
    receivedAtMs: ports.clock.now(),
  }
  const publicKey = publicKeyOf(config)
  const verified = await verify(message, async (id) => {
    if (publicKey?.id === id) return spkiOf(publicKey.key)
    return certificates.find(({ serial }) => isSameSerial(serial, id))?.spki
  })
  return verified.ok ? text : { because: verified.refusal }
}

/** One that does not open or does not parse (of another algorithm, say) is passed over. */
async function openAll(config: WechatConfig, answer: string): Promise<readonly Certificate[]> {
  const list = answerSchema.safeParse(parseJson(answer))
  if (!list.success) return []
  const certificates = list.data.data.map(async (item) => {
    const sealed = sealedSchema.safeParse(item.encrypt_certificate)
    if (!sealed.success) return undefined
    const opened = await open(config.apiV3Key, sealed.data)
    return opened.ok ? readCertificate(opened.value) : undefined
  })
  return (await Promise.all(certificates)).filter((certificate) => certificate !== undefined)
}

function validNow(certificates: readonly Certificate[], { clock }: ChannelPorts) {
  const now = clock.now()
  return certificates.filter(
    ({ notBeforeMs, notAfterMs }) => notBeforeMs <= now && now < notAfterMs,
  )
}
