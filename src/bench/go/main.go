// A sender as it is commonly written: net/http with a tuned Transport, goroutines, a WaitGroup.
//
// It is the yardstick of the benchmark: it stores nothing, retries nothing and reports nothing but
// its own speed. For every line "run <items> <concurrency>" on standard input it sends that many
// requests and answers with one line: nanoseconds, errors, then the 50th, 99th and 99.9th
// percentile of the exchange in nanoseconds.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type sender struct {
	client *http.Client
	url    string
	body   []byte
	took   []int64
	errors atomic.Int64
}

func main() {
	url := flag.String("url", "", "where to send")
	bodyBytes := flag.Int("body", 300, "bytes of the JSON body")
	style := flag.String("style", "semaphore", "semaphore: a goroutine per item; workers: a pool of goroutines")
	flag.Parse()

	padding := *bodyBytes - len(`{"pad":""}`)
	s := &sender{url: *url, body: []byte(`{"pad":"` + strings.Repeat("x", padding) + `"}`)}
	in := bufio.NewScanner(os.Stdin)
	connections := 0
	for in.Scan() {
		var items, concurrency int
		if _, err := fmt.Sscanf(in.Text(), "run %d %d", &items, &concurrency); err != nil {
			fmt.Fprintln(os.Stderr, "not understood:", in.Text())
			os.Exit(2)
		}
		if concurrency != connections {
			connections = concurrency
			s.client = newClient(concurrency)
		}
		s.took = make([]int64, items)
		s.errors.Store(0)
		started := time.Now()
		if *style == "workers" {
			s.sendByWorkers(items, concurrency)
		} else {
			s.sendBySemaphore(items, concurrency)
		}
		elapsed := time.Since(started)
		sort.Slice(s.took, func(i, j int) bool { return s.took[i] < s.took[j] })
		fmt.Println(elapsed.Nanoseconds(), s.errors.Load(), s.percentile(0.5), s.percentile(0.99), s.percentile(0.999))
	}
}

func newClient(concurrency int) *http.Client {
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConns:        concurrency,
			MaxIdleConnsPerHost: concurrency,
			MaxConnsPerHost:     concurrency,
			IdleConnTimeout:     20 * time.Second,
			DisableCompression:  true,
		},
	}
}

func (s *sender) sendBySemaphore(items, concurrency int) {
	semaphore := make(chan struct{}, concurrency)
	var wait sync.WaitGroup
	for i := 0; i < items; i++ {
		semaphore <- struct{}{}
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			s.exchange(i)
			<-semaphore
		}(i)
	}
	wait.Wait()
}

func (s *sender) sendByWorkers(items, concurrency int) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for worker := 0; worker < concurrency; worker++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := int(next.Add(1)) - 1; i < items; i = int(next.Add(1)) - 1 {
				s.exchange(i)
			}
		}()
	}
	wait.Wait()
}

func (s *sender) exchange(i int) {
	started := time.Now()
	request, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(s.body))
	if err != nil {
		s.errors.Add(1)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		s.errors.Add(1)
		return
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		s.errors.Add(1)
	}
	response.Body.Close()
	s.took[i] = time.Since(started).Nanoseconds()
}

func (s *sender) percentile(fraction float64) int64 {
	if len(s.took) == 0 {
		return 0
	}
	return s.took[int(fraction*float64(len(s.took)-1))]
}
