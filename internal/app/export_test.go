package app

import "github.com/prometheus/client_golang/prometheus"

// Registry returns the program's metrics.
func (a *App) Registry() *prometheus.Registry { return a.registry }
