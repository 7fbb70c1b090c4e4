import { specifyKilled } from './killed.ts'

specifyKilled('node')
