import { defineConfig } from 'vitest/config'
import { SUBJECTS } from './subjects.ts'

const tests = SUBJECTS[process.env.MUTATED ?? ''] ?? []

/** Runs the tests of the one subject that is mutated. */
export default defineConfig({
  test: {
    include: tests.map((test) => `test/${test}.test.ts`),
    maxWorkers: 1,
    testTimeout: 60_000,
  },
})
