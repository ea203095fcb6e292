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
		{"deliveries-1000", rates("deliveries to 1,000 endpoints", "", ceilingTasks, ceilingTaskPost), deliveries(everysec, 1000)},
		{"deliveries-always", rates("deliveries, always", ">= 1.0 of tasks, always", ceilingTasksAlways), deliveries(always, 1)},

		{"neighbours", []figure{
			{name: aloneP99, unit: "ms"},
			{name: "p99 beside a black hole owed 100,000", unit: "ms", goal: "<= 1.1 or 5 ms more", ceilings: []string{aloneP99}},
			{name: "p99 beside one that drips, owed 100,000", unit: "ms", goal: "<= 1.1 or 5 ms more", ceilings: []string{aloneP99}},
		}, neighbours},

		{"comeback", []figure{
			{name: "requests at once to an endpoint that comes back", unit: ""}, {name: "until it has 50,000 owed webhooks", unit: "s"},
			{name: "requests for these when they become one", unit: "", goal: "= 100 connections"}, {name: "until it has what became one", unit: "s"},
		}, comeback},

		{"whole", rates("whole way", ">= 1000"), way(everysec, false)},
		{"whole-always", rates("whole way, always", ">= 1000"), way(always, false)},
		{"whole-http", rates("whole way over HTTP, always", ">= 1000"), way(always, true)},
		{"latency-50", latencies("50/s", [2]string{"< 20", "< 80"}, [2]string{}), latency(50)},
		{"latency-200", latencies("200/s", [2]string{}, [2]string{"", "< 20"}), latency(200)},
		{"accept", rates("accepted events, always", ">= 0.5 of the script", ceilingLuaAlways), accepts(false)},
		{"accept-http", rates("accepted events over HTTP, always", ">= 0.5 of the script", ceilingLuaAlways), accepts(true)},

		{"stored", storedFigures(), stored},
		{dashboardProbe, pageFigures(), dashboard},
		{"records", []figure{
			{name: "records saved, new", unit: "/s", goal: ">= 20000"}, {name: "records saved, unchanged", unit: "/s", goal: ">= 40000"},
		}, saves},
		{"engine", rates(ceilingEngine, ""), engine},
		{"records-run", rates("records of a run of 100,000", ">= 0.7 of the engine", ceilingEngine), bigRun},
		{"memory-delivery", []figure{{name: "Redis memory of a finished delivery", unit: "B", goal: "<= 1536"}}, deliveryMemory},
		{"memory-event", []figure{{name: "Redis memory of an event of 10 KB, its run and delivery", unit: "B"}}, eventMemory},
		{"memory-record", []figure{{name: "Redis memory of a record, without its payload", unit: "B", goal: "<= 260"}}, recordMemory},

		{"start", []figure{
			{name: "start of serve to ready", unit: "ms", goal: "< 500"}, {name: "size of the binary", unit: "MB", goal: "< 60"},
		}, start},
		{"idle", []figure{
			{name: "idle with 1,000 schedules, CPU together", unit: "%", goal: "< 5"}, {name: "idle, CPU of synchook", unit: "%"},
			{name: "idle, CPU of redis-server", unit: "%"}, {name: "idle, commands to Redis", unit: "/s"},
		}, idle},
	}
}
