import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two is what a small machine has; the acceptance suites start processes of their own.
    maxWorkers: 2,
    // No test measures time; a slow machine may take it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
