// What answers in a real pod? A small HTTP server that fails as often as it is told, and ends without losing a request that it has.
//
// VERSION is told in each answer, ERROR_PERCENT of the answers are 500, each takes DELAY. As `pod pause` it holds a pod's network for the container
// runtime.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Longer than any answer takes.
const lastAnswers = 5 * time.Second

func main() {
	end, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if len(os.Args) > 1 && os.Args[1] == "pause" {
		<-end.Done()
		return
	}
	server := &http.Server{Addr: ":8080", Handler: pages(), ReadHeaderTimeout: lastAnswers}
	ended := make(chan struct{})
	go func() {
		<-end.Done()
		last, done := context.WithTimeout(context.Background(), lastAnswers)
		defer done()
		if err := server.Shutdown(last); err != nil {
			log.Print("some requests were lost: ", err)
		}
		close(ended)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended
}

func pages() http.Handler {
	version, pod := os.Getenv("VERSION"), hostname()
	percent, delay := number("ERROR_PERCENT"), duration("DELAY")
	var asked, good, bad atomic.Int64
	pages := http.NewServeMux()
	pages.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		time.Sleep(delay)
		answer.Header().Set("X-Version", version)
		answer.Header().Set("X-Pod", pod)
		// Spread evenly, beginning with the first: of n answers, n*percent/100 are failures.
		if n := asked.Add(1); (n*percent+99)/100 > ((n-1)*percent+99)/100 {
			bad.Add(1)
			http.Error(answer, "this revision is bad", http.StatusInternalServerError)
			return
		}
		good.Add(1)
		fmt.Fprintln(answer, "hello from", version)
	})
	pages.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "ok") })
	pages.HandleFunc("/metrics", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintln(answer, "# HELP http_requests_total Requests answered, by status code.")
		fmt.Fprintln(answer, "# TYPE http_requests_total counter")
		fmt.Fprintf(answer, "http_requests_total{code=\"200\"} %d\n", good.Load())
		fmt.Fprintf(answer, "http_requests_total{code=\"500\"} %d\n", bad.Load())
	})
	return pages
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	return name
}

func number(name string) int64 {
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatalf("%s is no number: %v", name, err)
	}
	return value
}

func duration(name string) time.Duration {
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	value, err := time.ParseDuration(text)
	if err != nil {
		log.Fatalf("%s is no duration: %v", name, err)
	}
	return value
}
