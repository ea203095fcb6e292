package e2e

import (
	"strconv"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

func TestTheDoctorFindsNothingAmissInAStoreUnderLoad(t *testing.T) {
	t.Parallel()
	house := rig.NewHouse(t, rig.HouseOptions{})
	house.StartWorker()
	house.StartWorker()
	project := house.NewProject("busy", "user-1", "user-2", "user-3", "user-4")
	enough := make(chan struct{})
	load := project.Push(10, enough)
	for n := range 20 {
		for _, ailment := range house.Examine().Ailments() {
			t.Errorf("look %d: %s", n+1, ailment)
		}
		if n%5 == 4 {
			// A connection that is made in the midst of all, and one that goes.
			project.Connect("guest-"+strconv.Itoa(n), 100+n)
		}
	}
	close(enough)
	project.WantAll(load.End())
	for _, ailment := range house.Examine().Ailments() {
		t.Errorf("at the end: %s", ailment)
	}
}

func TestTheDoctorSaysByItsStatusHowAStoreIs(t *testing.T) {
	t.Parallel()
	house := rig.NewHouse(t, rig.HouseOptions{})
	project := house.NewProject("hurt", "user-1")
	doctor := func(want int, args ...string) *rig.Process {
		t.Helper()
		d := rig.Start(t, "doctor", house.Settings(), rig.Binary(), append([]string{"doctor"}, args...)...)
		d.WantExit(want)
		return d
	}
	doctor(0)
	redis := house.Redis.Client()
	if err := redis.ZRem(t.Context(), "synchook:projects", project.ID).Err(); err != nil {
		t.Fatal(err)
	}
	doctor(1)
	doctor(0, "--repair")
	doctor(0)
	if err := redis.Set(t.Context(), "synchook:nosuch", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	doctor(1, "--repair")
	house.Redis.Kill()
	doctor(2)
	doctor(2, "--nosuch")
	house.Redis.Restart()
}
