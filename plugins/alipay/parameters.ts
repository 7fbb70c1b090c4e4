import { type ChannelPorts, ok, type Result } from '../../core/plugin/api.ts'
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

/** All parameters of a call, `sign` last. */
export type SignedParameters = ReadonlyMap<string, string>

/**
 * Signs a call. Its content stays readable: a payer's browser or app carries it, and sees its own
 * order in any case.
 *
 * @see Alipay open platform, "how to sign a request" (reference §2)
 */
export function signedParameters(
  { clock }: Pick<ChannelPorts, 'clock'>,
  config: AlipayConfig,
  call: Call,
): Promise<Result<SignedParameters, string>> {
  return sign(config, unsigned(config, call, clock.now()))
}

/** The same with its content encrypted, where the settings have a key for that (reference §5). */
export async function sealedParameters(
  { clock }: Pick<ChannelPorts, 'clock'>,
  config: AlipayConfig,
  call: Call,
): Promise<Result<SignedParameters, string>> {
  const parameters = unsigned(config, call, clock.now())
  const content = call.as === 'application' ? undefined : parameters.get('biz_content')
  if (config.contentKey !== undefined && content !== undefined) {
    parameters.set('biz_content', await encryptContent(config.contentKey, content))
    parameters.set('encrypt_type', 'AES')
  }
  return sign(config, parameters)
}

function unsigned(config: AlipayConfig, call: Call, nowMs: number): Map<string, string> {
  const asMerchant = call.as !== 'application' && config.appAuthToken !== undefined
  const named = {
    app_id: config.appId,
    method: call.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijingTime(nowMs),
    version: '1.0',
    ...(asMerchant && { app_auth_token: config.appAuthToken }),
    ...certificateSerials(config),
    ...call.parameters,
    ...(call.content !== undefined && { biz_content: JSON.stringify(call.content) }),
  }
  // What is empty is not signed, so it is not sent either.
  return new Map(Object.entries(named).filter(([, value]) => value !== ''))
}

function certificateSerials(config: AlipayConfig): Readonly<Record<string, string>> {
  if (config.mode === 'key') return {}
  const [own] = readCertificates(config.appCert ?? '')
  return {
    app_cert_sn: own === undefined ? '' : serialOf(own),
    alipay_root_cert_sn: rootSerialOf(config.alipayRootCert ?? ''),
  }
}

async function sign(
  { appPrivateKey }: AlipayConfig,
  parameters: Map<string, string>,
): Promise<Result<SignedParameters, string>> {
  const signature = await rsaSign(appPrivateKey, signText(parameters))
  if (!signature.ok) return signature
  return ok(parameters.set('sign', signature.value))
}
