import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as createSignature,
  hkdfSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  verify as verifySignature,
} from 'node:crypto'

/**
 * WebCrypto hands its work to threads, and which of two is ready first is the machine's affair. In a
 * history nothing may be, so what the core and the channels need of it is done on the spot.
 */
export function doCryptoAtOnce(): void {
  Object.defineProperty(crypto, 'subtle', { configurable: true, value: subtleAtOnce })
}

/** What a key that was imported here is made of. */
type Material = Uint8Array | KeyObject

const materials = new WeakMap<object, Material>()

const subtleAtOnce = {
  async digest(algorithm: AlgorithmIdentifier, data: BufferSource) {
    return plain(
      createHash(hashName(nameOf(algorithm)))
        .update(bytesOf(data))
        .digest(),
    )
  },
  async importKey(
    format: string,
    data: BufferSource,
    algorithm: AlgorithmIdentifier | KeyAlgorithmAsked,
    extractable: boolean,
    usages: KeyUsage[],
  ) {
    const name = nameOf(algorithm)
    const bytes = bytesOf(data)
    switch (format) {
      case 'raw': {
        const hash =
          typeof algorithm === 'object' && 'hash' in algorithm ? algorithm.hash : 'SHA-256'
        const length = bytes.length * 8
        const about = { name, length, ...(name === 'HMAC' && { hash: { name: nameOf(hash) } }) }
        return newKey('secret', about, extractable, usages, bytes.slice())
      }
      case 'pkcs8': {
        const key = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' })
        return newKey('private', rsaAlgorithm(algorithm, key), extractable, usages, key)
      }
      case 'spki': {
        const key = createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })
        return newKey('public', rsaAlgorithm(algorithm, key), extractable, usages, key)
      }
      default:
        throw new DOMException(`${format} is not done at once`, 'NotSupportedError')
    }
  },
  async deriveKey(
    algorithm: HkdfAsked,
    base: CryptoKey,
    wanted: { readonly name: string; readonly hash: AlgorithmIdentifier; readonly length: number },
    extractable: boolean,
    usages: KeyUsage[],
  ) {
    const { hash, salt, info } = algorithm
    const secret = secretOf(base)
    const bytes = hkdfSync(
      hashName(nameOf(hash)),
      secret,
      bytesOf(salt),
      bytesOf(info),
      wanted.length / 8,
    )
    const about = { name: wanted.name, hash: { name: nameOf(wanted.hash) }, length: wanted.length }
    return newKey('secret', about, extractable, usages, new Uint8Array(bytes))
  },
  async sign(_: AlgorithmIdentifier, key: CryptoKey, data: BufferSource) {
    const hash = hashOfKey(key)
    if (key.algorithm.name === 'HMAC') {
      return plain(createHmac(hash, secretOf(key)).update(bytesOf(data)).digest())
    }
    return plain(createSignature(hash, bytesOf(data), keyObjectOf(key)))
  },
  async verify(
    _: AlgorithmIdentifier,
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ) {
    return verifySignature(hashOfKey(key), bytesOf(data), keyObjectOf(key), bytesOf(signature))
  },
  async encrypt(algorithm: CipherAsked, key: CryptoKey, data: BufferSource) {
    switch (algorithm.name) {
      case 'AES-GCM': {
        const secret = secretOf(key)
        const { iv = new Uint8Array(), additionalData } = algorithm
        const cipher = createCipheriv(gcmOf(secret), secret, bytesOf(iv))
        if (additionalData !== undefined) cipher.setAAD(bytesOf(additionalData))
        const sealed = [cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()]
        return plain(Buffer.concat(sealed))
      }
      case 'AES-CBC': {
        const secret = secretOf(key)
        const { iv = new Uint8Array() } = algorithm
        const cipher = createCipheriv(cbcOf(secret), secret, bytesOf(iv))
        return plain(Buffer.concat([cipher.update(bytesOf(data)), cipher.final()]))
      }
      default:
        return plain(publicEncrypt(oaepOf(key), bytesOf(data)))
    }
  },
  async decrypt(algorithm: CipherAsked, key: CryptoKey, data: BufferSource) {
    const bytes = bytesOf(data)
    switch (algorithm.name) {
      case 'AES-GCM': {
        const secret = secretOf(key)
        const { iv = new Uint8Array(), additionalData } = algorithm
        const cipher = createDecipheriv(gcmOf(secret), secret, bytesOf(iv))
        if (additionalData !== undefined) cipher.setAAD(bytesOf(additionalData))
        cipher.setAuthTag(bytes.subarray(-16))
        return plain(Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]))
      }
      case 'AES-CBC': {
        const secret = secretOf(key)
        const { iv = new Uint8Array() } = algorithm
        const cipher = createDecipheriv(cbcOf(secret), secret, bytesOf(iv))
        return plain(Buffer.concat([cipher.update(bytes), cipher.final()]))
      }
      default:
        return plain(privateDecrypt(oaepOf(key), bytes))
    }
  },
}

interface KeyAlgorithmAsked {
  readonly name: string
  readonly hash?: AlgorithmIdentifier
}

interface HkdfAsked {
  readonly name: string
  readonly hash: AlgorithmIdentifier
  readonly salt: BufferSource
  readonly info: BufferSource
}

interface CipherAsked {
  readonly name: string
  readonly iv?: BufferSource
  readonly additionalData?: BufferSource
}

function newKey(
  type: KeyType,
  algorithm: KeyAlgorithm,
  extractable: boolean,
  usages: KeyUsage[],
  material: Material,
): CryptoKey {
  const key = { type, extractable, algorithm, usages }
  materials.set(key, material)
  return key
}

function rsaAlgorithm(asked: AlgorithmIdentifier | KeyAlgorithmAsked, key: KeyObject) {
  const hash = typeof asked === 'object' && 'hash' in asked ? asked.hash : undefined
  if (key.asymmetricKeyType !== 'rsa' || hash === undefined) {
    throw new DOMException('not a key for RSA', 'DataError')
  }
  const modulusLength = key.asymmetricKeyDetails?.modulusLength ?? 0
  return { name: nameOf(asked), hash: { name: nameOf(hash) }, modulusLength }
}

function nameOf(algorithm: AlgorithmIdentifier | KeyAlgorithmAsked): string {
  return typeof algorithm === 'string' ? algorithm : algorithm.name
}

/** `SHA-256`, as Node says it. */
function hashName(name: string): string {
  return name.replace('-', '').toLowerCase()
}

function hashOfKey({ algorithm }: CryptoKey): string {
  return hashName('hash' in algorithm ? nameOf(algorithm.hash as KeyAlgorithm) : 'SHA-256')
}

function gcmOf(secret: Uint8Array) {
  return secret.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm'
}

function cbcOf(secret: Uint8Array) {
  return secret.length === 32 ? 'aes-256-cbc' : 'aes-128-cbc'
}

function oaepOf(key: CryptoKey) {
  return {
    key: keyObjectOf(key),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashOfKey(key),
  }
}

function materialOf(key: object): Material {
  const material = materials.get(key)
  if (material === undefined) throw new TypeError('the key was imported elsewhere')
  return material
}

function secretOf(key: object): Uint8Array {
  const material = materialOf(key)
  if (!(material instanceof Uint8Array)) throw new TypeError('the key is no secret one')
  return material
}

function keyObjectOf(key: object): KeyObject {
  const material = materialOf(key)
  if (material instanceof Uint8Array) throw new TypeError('the key is a secret one')
  return material
}

function bytesOf(data: BufferSource): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function plain(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
