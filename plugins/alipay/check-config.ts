import { ok, type Result, refuse } from '../../core/plugin/api.ts'
import { readCertificates } from './certificate.ts'
import { rsaRoots } from './certificate-serial.ts'
import type { AlipayConfig } from './config.ts'
import { isPair, pkcs8Of, spkiOf } from './key-material.ts'

/** Says what to change when settings do not fit each other, or a key is not the key it should be. */
export function checkConfig(config: AlipayConfig): Result<undefined, { readonly reason: string }> {
  const reason = config.mode === 'key' ? keyProblem(config) : certificateProblem(config)
  return reason === undefined ? ok(undefined) : refuse({ reason })
}

const BAD_PRIVATE_KEY =
  'appPrivateKey: is not an unencrypted RSA private key; give the one that the key tool made'

function keyProblem({ appPrivateKey, alipayPublicKey }: AlipayConfig): string | undefined {
  const privateKey = pkcs8Of(appPrivateKey)
  if (privateKey === undefined) return BAD_PRIVATE_KEY
  if (alipayPublicKey === undefined) return 'alipayPublicKey: is missing, and mode is key'
  const publicKey = spkiOf(alipayPublicKey)
  if (publicKey === undefined) {
    return 'alipayPublicKey: is not an RSA public key; give 支付宝公钥 of the console'
  }
  // The commonest mistake of all (reference §4): no answer would ever verify.
  if (isPair(privateKey, publicKey)) {
    return "alipayPublicKey: is the application's own public key; give 支付宝公钥 of the console"
  }
  return undefined
}

function certificateProblem(config: AlipayConfig): string | undefined {
  const privateKey = pkcs8Of(config.appPrivateKey)
  if (privateKey === undefined) return BAD_PRIVATE_KEY
  for (const name of ['appCert', 'alipayCert', 'alipayRootCert'] as const) {
    if (config[name] === undefined) return `${name}: is missing, and mode is certificate`
  }
  const [own] = readCertificates(config.appCert ?? '')
  if (own === undefined) {
    return 'appCert: is not a certificate; give appCertPublicKey_<APPID>.crt'
  }
  if (!isPair(privateKey, own.spki)) {
    return 'appPrivateKey: is not the key of appCert; give the one that its CSR was made with'
  }
  const [alipay] = readCertificates(config.alipayCert ?? '')
  if (alipay === undefined) {
    return 'alipayCert: is not a certificate; give alipayCertPublicKey_RSA2.crt'
  }
  if (isPair(privateKey, alipay.spki)) {
    return "alipayCert: is the application's own certificate; give alipayCertPublicKey_RSA2.crt"
  }
  if (rsaRoots(config.alipayRootCert ?? '').length === 0) {
    return 'alipayRootCert: has no RSA root; give the whole of alipayRootCert.crt'
  }
  return undefined
}
