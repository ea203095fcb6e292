// Package rig is what the tests of the whole program stand on: the program as it runs in production, as
// processes of their own (`synchook server`, `synchook worker`, a Redis), a stand-in for GitHub that
// pushes signed webhooks, a receiver that verifies the webhooks that they cause, and the audit that
// compares what was accepted with what came of it.
//
//	h := rig.NewHouse(t, rig.HouseOptions{})      // a Redis and a server
//	p := h.NewProject("crash", "user-1")          // a project with a GitHub and a receiver
//	w := h.StartWorker("SYNCHOOK_FAILPOINT=run.sealed=kill:3")
//	load := p.Push(7, w.Ended())                  // accepted events of known content
//	w.WantKill()
//	h.StartWorker()
//	p.WantAll(load.End())                         // nothing lost, exact counts, exact delta
//
// A house stands on any [Backend]; the default is a [Redis] on a unix socket, which can be killed,
// frozen and started again. A test package that uses the rig calls [Run] in its TestMain.
package rig
