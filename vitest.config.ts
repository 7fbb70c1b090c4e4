import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One more than a small machine has cores: the suites that start processes mostly wait for them.
    maxWorkers: 3,
    // No test measures time; a slow machine may take it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
