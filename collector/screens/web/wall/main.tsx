import { showLivePage } from '../parts/live-page.ts'
import { Wall } from './wall.tsx'

showLivePage((page) => <Wall {...page} />, 500)
