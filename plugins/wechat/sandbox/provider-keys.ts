import type { DemoMerchant } from './demo-keys.ts'

/** A service provider that exists without being enrolled. Its keys are as public as all here. */
export const DEMO_PROVIDER = {
  mchid: '1900000100',
  appids: ['wx0000000000000010'],
  apiV3Key: 'P0123456789abcdefghijklmnopqrst7',
  apiV2Key: 'Q0123456789abcdefghijklmnopqrst7',
  serial: '5157F09EFDC096DE15EBE81A47057A7232F1B800',
  /** The first has an app of its own. */
  subMerchants: [
    { mchid: '1900000201', appids: ['wx0000000000000021'], maxSplitRatio: 3_000 },
    { mchid: '1900000202', appids: [], maxSplitRatio: 3_000 },
  ],
  privateKey: `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC8PZzOKB136oEn
hw0npWFPY3P1kot5EI2XrRB6WQ+lvubZp8mfyfWoP+PVcdq48S+2bVkRttADnN4/
TSoytDNUouv8KPlBUOrIRsdqOC+zjk+w4349Qn19Cx9VyMGN4f0akvlBaT/tyjU/
+mUrpOzKiQk0JV/32VkGzd4YgcsBXlfw22MPaAkAL2aA4vHvqnyl/+w06OvIwqKY
BErnMMfnDgwkm5/H0vZxCeLjlG0l/BVnYezon/piBf5+gt661VAfS2R2E1XOIu1j
S5wOxvTSrE59oL6ysPJOn7YaDWu+XTHZC8gz7RPt6riSfhvD4yjY21dOndWiE7yG
YcmMfo8dAgMBAAECggEAAyjlRK2g3wDZSvyl8HbYH7vGOBv4tN8drVXa8LQlgoKm
P9w56BwnquZq+zZ7ytPGRAGTt5Z8vo7HyUK7lQR4LHEb/8x/8Jl8iMDtZdT3HK8P
GzjvscoNBAgSLipeRgos1DZy3NGjiyje2h8odcIr37N2ANbUGfuJ68a8C2fEV1Zt
YHaXuToak75BaHIvMVExkWAcGTWehttRgiYRrrhbzQ47rGyrTtAgQVZICrol7Vky
MCQmF4UD64qzoMMH0anf4XKW78ec7n4Y2BhIeW3QBJ46tVQTvPMJqojkSEFSHPaX
i5CscGvaNX7ba9Od8hNvpPUopR9hui5GHQ3hH/MoWQKBgQD+EeULYSFy6rdSiRct
qPT67V5Omwz7kFxjMfqf0VsImRNsDkGqQ4OG6lSILEM++Ge/nWr9i901ZnDeuvID
XCoM4xl6o7D+1u+QQXbgMaBa3Bk7N19Qq28FDXI643u5q9yO4uylOxhibpXTraus
DxMQKTK6cLtj6UslJnWHt8+UFQKBgQC9q7IYgNcu7qBIPe+6E06AVAo+e/alHm4d
FOGzby+WcfuehMUbRzNb3u+FapNeqPbmB3oINCW+R2/Z3NEV2eHrcrHaYIT22fM7
bBMVfDzvOoa+SH8y4Ao5X2CuZP14huMcDNtb4t5v1MJsOtuGuBQ1rujMHm+UKu1o
RYgIs5eo6QKBgQCKu6bAQfeL0pLr5KPdcObkpfzbG1tJepiYKdBauGznEv9B/77n
hBor74TdHp5Roj60qPalIFxYLmnvlVFVeFwV0WQ2TW/2l9MUiEqrPS38rzav2RqY
6COlNKRtd4414px7AXqK9uvnw87YWXrmZwzXxEdI+wm4EsnPrWJ8C2izyQKBgEdO
CxBHL56HO16tWjh8FaEM9yTyeZEt1Xu9Y/SPMja+9zdq9qcAp4A8WZOws2J85wUn
fmsjH6VfOd+PslMirFpVriNI8fPTkCugv7PuFwJg4FMc8iTwMSfMgY5OjTQIkczz
0GvE6JbmR4lkvy7weTiNXxuNvajYUpRGv5N14OgxAoGBAOd2ECwQhd7wODAjnEAU
qGD9sKEyDNJRDPy9iYKVSBfnhi8EUfiTAMhF9WagMaawfrEMQo3PrtMyW3B038fp
IJICxf/aRK2pF6EZYNfxobMKkzxl2ajSnFfImcEP0Oh8VZ2lkdbKVCTBEn8MAP0M
jfT3yo2jtdDwMMmFM57bL8U/
-----END PRIVATE KEY-----
`,
  publicKey: `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvD2czigdd+qBJ4cNJ6Vh
T2Nz9ZKLeRCNl60QelkPpb7m2afJn8n1qD/j1XHauPEvtm1ZEbbQA5zeP00qMrQz
VKLr/Cj5QVDqyEbHajgvs45PsON+PUJ9fQsfVcjBjeH9GpL5QWk/7co1P/plK6Ts
yokJNCVf99lZBs3eGIHLAV5X8NtjD2gJAC9mgOLx76p8pf/sNOjryMKimARK5zDH
5w4MJJufx9L2cQni45RtJfwVZ2Hs6J/6YgX+foLeutVQH0tkdhNVziLtY0ucDsb0
0qxOfaC+srDyTp+2Gg1rvl0x2QvIM+0T7eq4kn4bw+Mo2NtXTp3VohO8hmHJjH6P
HQIDAQAB
-----END PUBLIC KEY-----
`,
} as const satisfies DemoMerchant
