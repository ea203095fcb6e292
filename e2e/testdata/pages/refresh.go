package main

import (
	"context"
	"fmt"
	"log"
	"os"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// What docs/records.md shows is called for a webhook of a connection that the environment names, and prints the IDs.
func init() {
	put := func(r *synchookv1.Record) { fmt.Println("put", r.GetId()) }
	remove := func(r *synchookv1.Record) { fmt.Println("remove", r.GetId()) }
	hook := synchookclient.WebhookBody{ProviderConfigKey: "github", ConnectionID: os.Getenv("CONNECTION"), Model: os.Getenv("MODEL")}
	client := synchookclient.New(os.Getenv("URL"), os.Getenv("KEY"))
	if err := refresh(context.Background(), client, hook, put, remove); err != nil {
		log.Fatal(err)
	}
}
