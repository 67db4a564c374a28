// Prints the closing line of a run, `N passed, N failed[, N skipped]`, summed from vitest's JSON reports. Exits 1 where a test
// or a test file failed, or a report is missing or has no test that passed.
import { readFileSync } from 'node:fs'

const counts = { passed: 0, failed: 0, skipped: 0 }
let isWell = process.argv.length > 2
for (const file of process.argv.slice(2)) {
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    console.log(`ci: no test report: ${error instanceof Error ? error.message : error}`)
    counts.failed++
    continue
  }
  // A file that fails before its first test (a syntax error, a failed import) has no test of its own to count.
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  )
  for (const result of brokenFiles) console.log(`ci: ${result.name}: ${result.message}`)
  counts.passed += report.numPassedTests
  counts.failed += report.numFailedTests + brokenFiles.length
  counts.skipped += report.numPendingTests + report.numTodoTests
  isWell &&= report.success && report.numPassedTests > 0
}
const { passed, failed, skipped } = counts
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(isWell && failed === 0 ? 0 : 1)
