/* The other end of the benchmarks: servers that are never the bottleneck, and bare clients.
 *
 *   peer pop3 OCTETS         one message of so many octets: lines of 78, none begins with a dot
 *   peer dotted OCTETS       the same, and every line begins with a dot
 *   peer smtp                takes any mail and keeps none
 *   peer noop PORT COUNT     sends NOOP COUNT times, each after the reply to the last
 *   peer sessions PORT COUNT PARALLEL    sends COUNT short mails, PARALLEL at a time
 *   peer data PORT OCTETS    sends one mail of so many octets
 *
 * A server prints its port and serves one client after the other until it is killed.  A client
 * prints how many seconds it took, without its start.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 78, LINES = 4096, BLOCK = LINE * LINES, BUFFER = 256 * 1024 };

static char block[BLOCK];  /* whole lines */
static char buffer[BUFFER];

/* A dotted block is one as it travels: the dot of each line is doubled. */
static void fill_block(int dotted) {
    for (int line = 0; line < LINES; line++) {
        char *at = block + line * LINE;
        for (int column = 0; column < LINE - 2; column++)
            at[column] = 'A' + (line + column) % 26;
        if (dotted)
            memcpy(at, "..", 2);
        memcpy(at + LINE - 2, "\r\n", 2);
    }
}

static void send_all(int link, const char *octets, size_t count) {
    while (count) {
        ssize_t sent = send(link, octets, count, MSG_NOSIGNAL);
        if (sent <= 0)
            err(1, "send");
        octets += sent;
        count -= sent;
    }
}

static void say(int link, const char *line) { send_all(link, line, strlen(line)); }

static void send_block(int link, size_t octets) {
    while (octets) {
        size_t count = octets < BLOCK ? octets : BLOCK;
        send_all(link, block, count);
        octets -= count;
    }
}

static void without_delay(int link) {
    int yes = 1;
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return moment.tv_sec + moment.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------------------- servers */

static size_t have, used;  /* octets of the buffer: all, and those of the line that was taken */

/* One command line at a time: its length with LF, 0 at the end. */
static size_t take_line(int link) {
    have -= used;
    memmove(buffer, buffer + used, have);
    used = 0;
    for (;;) {
        char *end = memchr(buffer, '\n', have);
        if (end)
            return used = end + 1 - buffer;
        ssize_t got = have < BUFFER ? recv(link, buffer + have, BUFFER - have, 0) : 0;
        if (got <= 0)
            return 0;
        have += got;
    }
}

/* What is said to commands that came together goes together. */
static void answer(int link, const char *line) {
    static char replies[64 * 1024];
    static size_t count;
    size_t length = strlen(line);
    memcpy(replies + count, line, length);
    count += length;
    if (memchr(buffer + used, '\n', have - used) && count < sizeof replies - 100)
        return;
    send_all(link, replies, count);
    count = 0;
}

/* Mail data ends where the last five octets so far are CRLF . CRLF: nobody writes behind it. */
static int swallow_data(int link) {
    char tail[5] = {0};
    for (;;) {
        ssize_t got = recv(link, buffer, BUFFER, 0);
        if (got <= 0)
            return 0;
        if (got >= 5) {
            memcpy(tail, buffer + got - 5, 5);
        } else {
            memmove(tail, tail + got, 5 - got);
            memcpy(tail + 5 - got, buffer, got);
        }
        if (!memcmp(tail, "\r\n.\r\n", 5))
            return 1;
    }
}

static void serve_pop3(int link, size_t octets) {
    have = used = 0;
    say(link, "+OK ready\r\n");
    while (take_line(link)) {
        if (!strncasecmp(buffer, "CAPA", 4)) {
            say(link, "-ERR no capabilities\r\n");
        } else if (!strncasecmp(buffer, "RETR", 4)) {
            say(link, "+OK here it comes\r\n");
            send_block(link, octets);
            say(link, ".\r\n");
        } else {
            say(link, "+OK\r\n");
            if (!strncasecmp(buffer, "QUIT", 4))
                return;
        }
    }
}

static void serve_smtp(int link) {
    have = used = 0;
    say(link, "220 peer ESMTP ready\r\n");
    while (take_line(link)) {
        if (!strncasecmp(buffer, "DATA", 4)) {
            answer(link, "354 go ahead\r\n");
            have = used = 0;  /* nobody goes on before the go-ahead */
            if (!swallow_data(link))
                return;
            say(link, "250 2.0.0 taken\r\n");
        } else if (!strncasecmp(buffer, "QUIT", 4)) {
            answer(link, "221 2.0.0 goodbye\r\n");
            return;
        } else {
            answer(link, "250 2.0.0 fine\r\n");
        }
    }
}

static void serve(int smtp, size_t octets) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listening, (struct sockaddr *)&address, length) || listen(listening, 128))
        err(1, "listen");
    getsockname(listening, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int link = accept(listening, NULL, NULL);
        if (link < 0)
            continue;
        without_delay(link);
        if (smtp)
            serve_smtp(link);
        else
            serve_pop3(link, octets);
        close(link);
    }
}

/* ------------------------------------------------------------------------------- clients */

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int link = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(link, (struct sockaddr *)&address, sizeof address))
        err(1, "connect");
    without_delay(link);
    return link;
}

/* A whole reply, whose last line has a blank behind the code; it must be a positive one. */
static void wait_reply(int link) {
    static char reply[BUFFER];
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(link, reply + have, BUFFER - 1 - have, 0);
        if (got <= 0)
            err(1, "no reply");
        have += got;
        if (reply[have - 1] != '\n')
            continue;
        char *last = memrchr(reply, '\n', have - 1);
        last = last ? last + 1 : reply;
        if (last[3] == '-')
            continue;
        if (last[0] != '2' && last[0] != '3')
            errx(1, "refused: %.60s", last);
        return;
    }
}

static void ask(int link, const char *command) {
    say(link, command);
    wait_reply(link);
}

static void begin_mail(int link) {
    wait_reply(link);
    ask(link, "EHLO client.example\r\n");
    ask(link, "MAIL FROM:<me@client.example>\r\n");
    ask(link, "RCPT TO:<bob@example.test>\r\n");
    ask(link, "DATA\r\n");
}

static void noop(int port, int count) {
    int link = connect_to(port);
    wait_reply(link);
    ask(link, "EHLO client.example\r\n");
    double begun = now();
    while (count--)
        ask(link, "NOOP\r\n");
    printf("%.6f\n", now() - begun);
}

static void sessions(int port, int count, int parallel) {
    double begun = now();
    for (int worker = 0; worker < parallel; worker++) {
        if (fork())
            continue;
        for (int session = worker; session < count; session += parallel) {
            int link = connect_to(port);
            begin_mail(link);
            ask(link, "Subject: short\r\n\r\nA short mail.\r\n.\r\n");
            ask(link, "QUIT\r\n");
            close(link);
        }
        _exit(0);
    }
    int status;
    while (wait(&status) > 0)
        if (status)
            errx(1, "a session failed");
    printf("%.6f\n", now() - begun);
}

static void data(int port, size_t octets) {
    int link = connect_to(port);
    begin_mail(link);
    double begun = now();
    send_block(link, octets);
    ask(link, ".\r\n");
    printf("%.6f\n", now() - begun);
    ask(link, "QUIT\r\n");
}

int main(int count, char **words) {
    const char *work = count > 1 ? words[1] : "";
    long first = count > 2 ? atol(words[2]) : 0, second = count > 3 ? atol(words[3]) : 0;
    fill_block(!strcmp(work, "dotted"));
    if (!strcmp(work, "pop3") || !strcmp(work, "dotted"))
        serve(0, first / LINE * LINE);
    else if (!strcmp(work, "smtp"))
        serve(1, 0);
    else if (!strcmp(work, "noop"))
        noop(first, second);
    else if (!strcmp(work, "sessions"))
        sessions(first, second, count > 4 ? atoi(words[4]) : 1);
    else if (!strcmp(work, "data"))
        data(first, second / LINE * LINE);
    else
        errx(2, "see the top of peer.c");
    return 0;
}
