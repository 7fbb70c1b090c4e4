import { describe, it } from 'vitest'
import { sqldMissing } from '../kit/sqld.ts'
import { specifyKilled } from './killed.ts'

const missing = sqldMissing()
if (missing === undefined) specifyKilled('workerd')
else describe('the gateway on workerd, killed', () => it.skip(`needs a libSQL server: ${missing}`))
