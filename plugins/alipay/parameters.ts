import { type ChannelPorts, DAY_MS, ok, type Result } from '../../core/plugin/api.ts'
import { beijingTime } from './beijing-time.ts'
import { readCertificates } from './certificate.ts'
import { rootSerialOf, serialOf } from './certificate-serial.ts'
import type { AlipayConfig } from './config.ts'
import { encryptContent } from './content-cipher.ts'
import { rsaSign } from './rsa.ts'
import { signText } from './sign-text.ts'

/** A call of the open platform, or what a payer's client will call. */
export interface Call {
  /** `alipay.trade.query` */
  readonly method: string
  /** Business parameters: sent as the JSON of `biz_content`. */
  readonly content?: object
  /** Further parameters beside the common ones. */
  readonly parameters?: Readonly<Record<string, string>>
  /**
   * Whose call it is: of the merchant that gave us the token, or of the application itself. What an
   * application asks for itself is no secret, and is not encrypted.
   */
  readonly as?: 'merchant' | 'application'
}

type Ports = Pick<ChannelPorts, 'clock' | 'cache'>

/** All parameters of a call, `sign` last. */
export type SignedParameters = ReadonlyMap<string, string>

/**
 * Signs a call. Its content stays readable: a payer's browser or app carries it, and sees its own
 * order in any case.
 *
 * @see Alipay open platform, "how to sign a request" (reference §2)
 */
export async function signedParameters(
  ports: Ports,
  config: AlipayConfig,
  call: Call,
): Promise<Result<SignedParameters, string>> {
  return sign(config, await unsigned(ports, config, call))
}

/** The same with its content encrypted, where the settings have a key for that (reference §5). */
export async function sealedParameters(
  ports: Ports,
  config: AlipayConfig,
  call: Call,
): Promise<Result<SignedParameters, string>> {
  const parameters = await unsigned(ports, config, call)
  const content = call.as === 'application' ? undefined : parameters.get('biz_content')
  if (config.contentKey !== undefined && content !== undefined) {
    parameters.set('biz_content', await encryptContent(config.contentKey, content))
    parameters.set('encrypt_type', 'AES')
  }
  return sign(config, parameters)
}

async function unsigned(
  { clock, cache }: Ports,
  config: AlipayConfig,
  call: Call,
): Promise<Map<string, string>> {
  const asMerchant = call.as !== 'application' && config.appAuthToken !== undefined
  const named = {
    app_id: config.appId,
    method: call.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijingTime(clock.now()),
    version: '1.0',
    ...(asMerchant && { app_auth_token: config.appAuthToken }),
    ...(await certificateSerials(cache, config)),
    ...call.parameters,
    ...(call.content !== undefined && { biz_content: JSON.stringify(call.content) }),
  }
  // What is empty is not signed, so it is not sent either.
  return new Map(Object.entries(named).filter(([, value]) => value !== ''))
}

/**
 * Counted once and remembered: reading five certificates takes about as long as signing.
 */
async function certificateSerials(
  cache: ChannelPorts['cache'],
  config: AlipayConfig,
): Promise<Readonly<Record<string, string>>> {
  if (config.mode === 'key') return {}
  const { appCert = '', alipayRootCert = '' } = config
  const key = `alipay-serials-${nameOf(appCert)}-${nameOf(alipayRootCert)}`
  const kept = (await cache.get(key))?.split(' ')
  const [appSerial, rootSerial] = kept ?? countSerials(appCert, alipayRootCert)
  if (kept === undefined) await cache.put(key, `${appSerial} ${rootSerial}`, DAY_MS)
  return { app_cert_sn: appSerial ?? '', alipay_root_cert_sn: rootSerial ?? '' }
}

function countSerials(appCert: string, roots: string): readonly [app: string, root: string] {
  const [own] = readCertificates(appCert)
  return [own === undefined ? '' : serialOf(own), rootSerialOf(roots)]
}

/** A certificate ends with its signature, which no other one has; its length tells files apart. */
function nameOf(file: string): string {
  return `${file.length}-${file.replace(/-----END CERTIFICATE-----|\s/g, '').slice(-64)}`
}

async function sign(
  config: AlipayConfig,
  parameters: Map<string, string>,
): Promise<Result<SignedParameters, string>> {
  const signature = await rsaSign(config, signText(parameters))
  if (!signature.ok) return signature
  return ok(parameters.set('sign', signature.value))
}
