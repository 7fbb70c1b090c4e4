import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runInDeno } from '../../kit/deno.ts'

it('keeps a database in a file on Deno too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-deno-'))
  try {
    const printed = await runInDeno(
      new URL('./libsql-deno.probe.ts', import.meta.url),
      [`file:${join(directory, 'gateway.db')}`],
      // The database is a native module, which Deno lets in by `ffi`.
      ['read', 'write', 'env', 'sys', 'ffi'],
    )
    expect(JSON.parse(printed)).toEqual([[7, '0102']])
  } finally {
    await rm(directory, { recursive: true })
  }
})
