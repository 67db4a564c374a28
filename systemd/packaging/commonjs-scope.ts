/** Start of a program that is one ES module: what the CommonJS packages inside it expect to find in scope. */
export const COMMONJS_SCOPE = `#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module'
import { dirname as __pathDirname } from 'node:path'
import { fileURLToPath as __fileURLToPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __fileURLToPath(import.meta.url)
const __dirname = __pathDirname(__filename)`
