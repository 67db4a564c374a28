// Builds dist/ where a source is newer than it, so that `npm start` is quick the second time. Plain JavaScript: it runs
// before anything is built, on the oldest Node that we support.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'

const SOURCES = [
  'agent',
  'systemd/packaging',
  'collector',
  'protocol',
  'package.json',
  'package-lock.json',
  'tsup.config.ts',
]
const PROGRAMS = ['dist/perwatt-agent.js', 'dist/perwatt-collector.js']
const TSUP = 'node_modules/tsup/dist/cli-default.js'

/** Newest change below `path`, Unix ms; a folder counts too, so that a removed file is noticed. */
function changedMs(path) {
  const entry = statSync(path)
  if (!entry.isDirectory()) return entry.mtimeMs
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => changedMs(`${path}/${name}`)))
}

/** Why a build is needed; undefined where it isn't. */
function staleness() {
  const missing = PROGRAMS.find((program) => !existsSync(program))
  if (missing) return `${missing} is not there yet`
  const builtMs = Math.min(...PROGRAMS.map((program) => statSync(program).mtimeMs))
  const newer = SOURCES.find((source) => changedMs(source) > builtMs)
  return newer && `${newer} changed since the last build`
}

const reason = staleness()
if (reason) {
  if (!existsSync(TSUP)) {
    console.error('build: the packages are not installed; run: npm ci')
    process.exit(2)
  }
  console.error(`build: ${reason}; building dist/`)
  const { status } = spawnSync(process.execPath, [TSUP, '--silent'], { stdio: ['ignore', 2, 2] })
  process.exit(status ?? 1)
}
