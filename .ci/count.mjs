// Prints the closing line of a run, `N passed, N failed[, N skipped]`, from vitest's JSON report. Exits 1 where a test
// or a test file failed, or none ran.
import { readFileSync } from 'node:fs'

const [file = ''] = process.argv.slice(2)
let report
try {
  report = JSON.parse(readFileSync(file, 'utf8'))
} catch (error) {
  console.log(`ci: no test report: ${error instanceof Error ? error.message : error}`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}

// A file that fails before its first test (a syntax error, a failed import) has no test of its own to count.
const brokenFiles = report.testResults.filter(
  (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
)
for (const result of brokenFiles) console.log(`ci: ${result.name}: ${result.message}`)
const passed = report.numPassedTests
const failed = report.numFailedTests + brokenFiles.length
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 || passed === 0 || !report.success ? 1 : 0)
