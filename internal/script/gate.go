package script

// gate lets a bounded number of jobs run and keeps the rest in order. It is
// used by the VM's goroutine alone.
type gate struct {
	limit   int
	running int
	waiting []func()
}

// enter starts the job, now or when others have left.
func (g *gate) enter(job func()) {
	if g.running < g.limit {
		g.running++
		job()
		return
	}
	g.waiting = append(g.waiting, job)
}

// leave says that a job has ended, and starts the next.
func (g *gate) leave() {
	if len(g.waiting) == 0 {
		g.running--
		return
	}
	next := g.waiting[0]
	g.waiting = g.waiting[1:]
	next()
}
