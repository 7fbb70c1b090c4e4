import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, it } from 'vitest'
import { watchFolders } from '../../../edge/commands/watch-folders.ts'
import { until } from '../../kit/until.ts'

const project = mkdtempSync(join(tmpdir(), 'tongbao-watch-'))
const path = (name: string) => join(project, name)
const writes = (name: string) => writeFileSync(path(name), String(Math.random()))
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends) end()
  rmSync(project, { recursive: true, force: true })
})

it('a change in a watched folder is seen: of what was replaced or is new, too', async () => {
  mkdirSync(path('core/deep'), { recursive: true })
  writes('core/deep/a.ts')
  let seen = 0
  ends.push(watchFolders([path('core')], () => seen++))
  const isSeen = async (what: string) => {
    const before = seen
    await until(() => seen > before, what)
  }

  writes('core/deep/a.ts')
  await isSeen('a change')
  writes('core/deep/b.ts')
  renameSync(path('core/deep/b.ts'), path('core/deep/a.ts'))
  await isSeen('a file that was replaced')
  writes('core/deep/a.ts')
  await isSeen('a change of it')
  mkdirSync(path('core/new'))
  await isSeen('a new folder')
  writes('core/new/c.ts')
  await isSeen('a file in it')
  rmSync(path('core/new'), { recursive: true })
  await isSeen('a folder that was removed')
})
