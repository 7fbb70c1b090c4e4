import { defineConfig } from 'vitest/config'

const SIMULATION = 'test/simulation/**/*.test.ts'

export default defineConfig({
  test: {
    // One more than a small machine has cores: the suites that start processes mostly wait for them.
    maxWorkers: 3,
    // No test measures time; a slow machine may take it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        // Nothing in this project is kept in a module, so test files may share those of a worker:
        // to load them anew for each file took longer than most files.
        test: {
          name: 'tongbao',
          include: ['test/**/*.test.ts'],
          exclude: [SIMULATION],
          isolate: false,
        },
      },
      // Plays with a WebCrypto of its own.
      { extends: true, test: { name: 'simulation', include: [SIMULATION] } },
    ],
  },
})
