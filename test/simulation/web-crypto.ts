import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

/**
 * WebCrypto hands its work to threads, and which of two is ready first is the machine's affair. In a
 * history nothing may be, so what the core needs of it is done on the spot.
 */
export function doCryptoAtOnce(): void {
  const keys = new WeakMap<object, Uint8Array>()
  const real = crypto.subtle
  const atOnce = {
    async digest(algorithm: AlgorithmIdentifier, data: Uint8Array) {
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name
      const hash = createHash(name.replace('-', '').toLowerCase()).update(data).digest()
      return new Uint8Array(hash).buffer
    },
    importKey(...args: Parameters<SubtleCrypto['importKey']>) {
      const [format, bytes, algorithm, , usages] = args as unknown as [
        string,
        Uint8Array,
        AlgorithmIdentifier,
        boolean,
        KeyUsage[],
      ]
      const name = typeof algorithm === 'string' ? algorithm : algorithm.name
      // Of HMAC there is only the one with SHA-256 here.
      if (format !== 'raw' || (name !== 'AES-GCM' && name !== 'HMAC'))
        return real.importKey(...args)
      const key = {
        type: 'secret',
        extractable: false,
        algorithm: { name, length: bytes.length * 8 },
        usages,
      }
      keys.set(key, bytes.slice())
      return Promise.resolve(key)
    },
    async sign(...args: Parameters<SubtleCrypto['sign']>) {
      const [, key, data] = args
      // A key that was derived stays where it is.
      if (!keys.has(key)) return real.sign(...args)
      const mac = createHmac('sha256', bytesOf(keys, key))
        .update(data as Uint8Array)
        .digest()
      return new Uint8Array(mac).buffer
    },
    async encrypt(algorithm: AesGcm, key: object, data: Uint8Array) {
      const cipher = createCipheriv('aes-256-gcm', bytesOf(keys, key), algorithm.iv)
      if (algorithm.additionalData) cipher.setAAD(algorithm.additionalData)
      const sealed = [cipher.update(data), cipher.final(), cipher.getAuthTag()]
      return new Uint8Array(Buffer.concat(sealed)).buffer
    },
    async decrypt(algorithm: AesGcm, key: object, data: Uint8Array) {
      const cipher = createDecipheriv('aes-256-gcm', bytesOf(keys, key), algorithm.iv)
      if (algorithm.additionalData) cipher.setAAD(algorithm.additionalData)
      cipher.setAuthTag(data.subarray(-16))
      const opened = [cipher.update(data.subarray(0, -16)), cipher.final()]
      return new Uint8Array(Buffer.concat(opened)).buffer
    },
  }
  Object.defineProperty(crypto, 'subtle', {
    configurable: true,
    value: new Proxy(real, {
      get(target, name) {
        if (Object.hasOwn(atOnce, name)) return atOnce[name as keyof typeof atOnce]
        const own = Reflect.get(target, name)
        return typeof own === 'function' ? own.bind(target) : own
      },
    }),
  })
}

interface AesGcm {
  readonly iv: Uint8Array
  readonly additionalData?: Uint8Array
}

function bytesOf(keys: WeakMap<object, Uint8Array>, key: object): Uint8Array {
  const bytes = keys.get(key)
  if (bytes === undefined) throw new TypeError('the key was imported elsewhere')
  return bytes
}
