import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

// Loaded into the programs of a hurried site. Node reads the time since boot from /proc/uptime, which libfaketime leaves as it is:
// a program's steady clock would run slower than its wall clock, as if that were set once a second. This one runs as fast, and
// goes on over a restart of the program.
os.uptime = () => Number(process.hrtime.bigint()) / 1e9
syncBuiltinESMExports()
