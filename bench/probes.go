package main

func everysec(b *bench) *redisServer { return b.everysec }
func always(b *bench) *redisServer   { return b.always }

// probes is the one table of all that is measured, the ceilings first.
func probes() []probe {
	return []probe{
		{"tasks", rates(ceilingTasks, ""), emptyTasks(everysec)},
		{"tasks-always", rates(ceilingTasksAlways, ""), emptyTasks(always)},
		{"task-post", rates(ceilingTaskPost, ""), taskPosts},
		{"post", rates(ceilingPost, ""), signedPosts},
		{"enqueue", rates(ceilingEnqueue, ""), enqueues},
		{"lua", rates(ceilingLua, ""), luaScripts(everysec)},
		{"lua-always", rates(ceilingLuaAlways, ""), luaScripts(always)},

		{"deliveries", rates("deliveries to 1 endpoint", ">= 1.0 of tasks", ceilingTasks, ceilingTaskPost, ceilingPost), deliveries(everysec, 1)},
		{"deliveries-10", rates("deliveries to 10 endpoints", "", ceilingTasks, ceilingTaskPost), deliveries(everysec, 10)},
		{"deliveries-100", rates("deliveries to 100 endpoints", "", ceilingTasks, ceilingTaskPost), deliveries(everysec, 100)},
		{"deliveries-always", rates("deliveries, always", ">= 1.0 of tasks, always", ceilingTasksAlways), deliveries(always, 1)},
	}
}
