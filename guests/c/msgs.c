/* msgs.c - System V message queues, one behaviour a check, over power cuts too (ipc.h). */
#define _GNU_SOURCE
#include "ipc.h"
#include <limits.h>
#include <sys/msg.h>

struct message { long type; char text[8192]; };

static struct msqid_ds status;
static struct message taken;

static int sends(int queue, long type, const char *text, int flags)
{
    struct message message = {.type = type};
    strcpy(message.text, text);
    return msgsnd(queue, &message, strlen(text) + 1, flags);
}

/* The text of the message that is taken; what went wrong otherwise. */
static const char *takes(int queue, long type, int flags)
{
    memset(&taken, 0, sizeof taken);
    return msgrcv(queue, &taken, sizeof taken.text, type, flags) < 0 ? strerror(errno) : taken.text;
}

static int is(const char *text, const char *wanted) { return strcmp(text, wanted) == 0; }

static const char *messages_stay_without_anybody(void)
{
    key_t name = key();
    int queue = msgget(name, IPC_CREAT | 0600);
    MUST(sends(queue, 1, "one", 0) == 0 && sends(queue, 2, "two", 0) == 0 && sends(queue, 1, "three", 0) == 0);
    hold();
    MUST(msgget(name, 0) == queue && is(takes(queue, 0, 0), "one") && taken.type == 1);
    MUST(is(takes(queue, 0, 0), "two") && taken.type == 2 && is(takes(queue, 0, 0), "three"));
    MUST(FAILS(msgrcv(queue, &taken, 10, 0, IPC_NOWAIT), ENOMSG));
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *types_choose(void)
{
    int queue = msgget(IPC_PRIVATE, 0600);
    const struct { long type; const char *text; } all[] = {{3, "c"}, {1, "a"}, {2, "b"}, {1, "A"}, {5, "e"}, {4, "d"}};
    for (int i = 0; i < 6; i++)
        MUST(sends(queue, all[i].type, all[i].text, 0) == 0);
    hold();
    MUST(is(takes(queue, 1, 0), "a") && is(takes(queue, -4, 0), "A") && is(takes(queue, -4, 0), "b"));
    MUST(is(takes(queue, 3, MSG_EXCEPT), "e") && is(takes(queue, LONG_MIN, 0), "c") && is(takes(queue, 0, 0), "d"));
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_copy_leaves_the_message(void)
{
    int queue = msgget(IPC_PRIVATE, 0600);
    MUST(sends(queue, 1, "first", 0) == 0 && sends(queue, 2, "second", 0) == 0);
    MUST(FAILS(msgrcv(queue, &taken, 10, 0, MSG_COPY), EINVAL)
        && FAILS(msgrcv(queue, &taken, 10, 0, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT), EINVAL));
    if (msgrcv(queue, &taken, 10, 1, MSG_COPY | IPC_NOWAIT) < 0 && errno == ENOSYS)
        return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
    MUST(is(takes(queue, 1, MSG_COPY | IPC_NOWAIT), "second") && FAILS(msgrcv(queue, &taken, 10, 2, MSG_COPY | IPC_NOWAIT), ENOMSG));
    MUST(is(takes(queue, 0, 0), "first") && is(takes(queue, 0, 0), "second"));
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *long_messages_are_whole(void)
{
    int queue = msgget(IPC_PRIVATE, 0600);
    struct message message = {.type = 9};
    for (int i = 0; i < 8192; i++)
        message.text[i] = (char)(i * 7 + i / 256);
    MUST(msgsnd(queue, &message, 8192, 0) == 0 && FAILS(msgsnd(queue, &message, 8193, 0), EINVAL));
    hold();
    MUST(FAILS(msgrcv(queue, &taken, 8191, 0, 0), E2BIG));
    MUST(msgrcv(queue, &taken, 8192, 0, 0) == 8192 && memcmp(taken.text, message.text, 8192) == 0);
    MUST(msgsnd(queue, &message, 8192, 0) == 0 && msgrcv(queue, &taken, 5, 0, MSG_NOERROR) == 5
        && memcmp(taken.text, message.text, 5) == 0);
    MUST(msgsnd(queue, &message, 0, 0) == 0 && msgrcv(queue, &taken, 0, 0, 0) == 0 && taken.type == 9);
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static int the_queue;
static long the_type;

static int receives(void *argument)
{
    return is(takes(the_queue, the_type, 0), argument) ? 0 : errno == EIDRM ? 43 : 1;
}

static int sends_large(void *argument)
{
    struct message message = {.type = 8};
    strcpy(message.text, argument);
    return msgsnd(the_queue, &message, 8192, 0) == 0 ? 0 : errno;
}

static const char *a_receiver_waits_for_his_type(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    the_type = 5;
    int process = child(receives, "mine");
    MUST(sleeps(process) && sends(the_queue, 4, "other", 0) == 0);
    hold();
    MUST(sends(the_queue, 5, "mine", 0) == 0 && ends(process) == 0);
    MUST(msgctl(the_queue, IPC_STAT, &status) == 0 && status.msg_lrpid == process && status.msg_qnum == 1);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *receivers_are_served_in_their_order(void)
{
    static char *const texts[] = {"1", "2", "3", "4"};
    int processes[4];
    the_queue = msgget(IPC_PRIVATE, 0600);
    for (int i = 0; i < 4; i++) {
        processes[i] = child(receives, texts[i]);
        MUST(sleeps(processes[i]));
    }
    hold();
    for (int i = 0; i < 4; i++)
        MUST(sends(the_queue, 1, texts[i], 0) == 0);
    for (int i = 0; i < 4; i++)
        MUST(ends(processes[i]) == 0);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_sender_waits_for_room(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    MUST(sends_large("a") == 0 && sends_large("b") == 0 && sends(the_queue, 1, "", IPC_NOWAIT) == -1 && errno == EAGAIN);
    int process = child(sends_large, "c");
    MUST(sleeps(process));
    hold();
    MUST(is(takes(the_queue, 0, 0), "a") && ends(process) == 0);
    MUST(is(takes(the_queue, 0, 0), "b") && is(takes(the_queue, 0, 0), "c"));
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *who_waits_hears_of_the_end(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    MUST(sends_large("a") == 0 && sends_large("b") == 0);
    the_type = 77;
    int receiver = child(receives, "never"), sender = child(sends_large, "c");
    MUST(sleeps(receiver) && sleeps(sender));
    hold();
    MUST(msgctl(the_queue, IPC_RMID, 0) == 0 && ends(receiver) == 43 && ends(sender) == EIDRM);
    MUST(FAILS(msgrcv(the_queue, &taken, 1, 0, IPC_NOWAIT), EINVAL));
    return 0;
}

static void handles(int number) { (void)number; }

static int is_interrupted(void *argument)
{
    struct sigaction action = {.sa_handler = handles, .sa_flags = SA_RESTART};
    (void)argument;
    sigaction(SIGUSR1, &action, 0);
    return msgrcv(the_queue, &taken, 10, 0, 0) < 0 ? errno : 0;
}

static const char *a_handler_ends_a_wait_and_a_stop_does_not(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    int process = child(is_interrupted, 0), stopped = child(receives, "late");
    the_type = 0;
    MUST(sleeps(process) && sleeps(stopped));
    hold();
    MUST(kill(process, SIGUSR1) == 0 && ends(process) == EINTR);
    MUST(kill(stopped, SIGSTOP) == 0 && waitpid(stopped, 0, WUNTRACED) == stopped && kill(stopped, SIGCONT) == 0 && sleeps(stopped));
    MUST(sends(the_queue, 1, "late", 0) == 0 && ends(stopped) == 0);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_killed_receiver_takes_nothing(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    int killed = child(receives, "x"), process = child(receives, "left");
    MUST(sleeps(killed) && sleeps(process));
    hold();
    MUST(kill(killed, SIGKILL) == 0 && ends(killed) == -1);
    MUST(sends(the_queue, 1, "left", 0) == 0 && ends(process) == 0);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *another_size_lets_senders_go_on(void)
{
    the_queue = msgget(IPC_PRIVATE, 0600);
    MUST(msgctl(the_queue, IPC_STAT, &status) == 0);
    status.msg_qbytes = 8192;
    MUST(msgctl(the_queue, IPC_SET, &status) == 0 && sends_large("a") == 0);
    int process = child(sends_large, "b");
    MUST(sleeps(process));
    hold();
    status.msg_qbytes = 16384;
    MUST(msgctl(the_queue, IPC_SET, &status) == 0 && ends(process) == 0);
    MUST(msgctl(the_queue, IPC_STAT, &status) == 0 && status.msg_qnum == 2 && status.__msg_cbytes == 16384);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *empty_messages_count_too(void)
{
    int queue = msgget(IPC_PRIVATE, 0600);
    MUST(msgctl(queue, IPC_STAT, &status) == 0);
    status.msg_qbytes = 3;
    MUST(msgctl(queue, IPC_SET, &status) == 0);
    struct message message = {.type = 1};
    for (int i = 0; i < 3; i++)
        MUST(msgsnd(queue, &message, 0, IPC_NOWAIT) == 0);
    MUST(FAILS(msgsnd(queue, &message, 0, IPC_NOWAIT), EAGAIN));
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_full_queue_goes_at_once(void)
{
    key_t name = key();
    int queue = msgget(name, IPC_CREAT | 0600);
    struct message message = {.type = 1};
    for (int i = 0; i < 2000; i++)
        MUST(msgsnd(queue, &message, 1, 0) == 0);
    MUST(msgctl(queue, IPC_RMID, 0) == 0 && FAILS(msgget(name, 0), ENOENT));
    hold();
    MUST(FAILS(msgctl(queue, IPC_STAT, &status), EINVAL));
    int next = msgget(name, IPC_CREAT | 0600);
    MUST(next >= 0 && next != queue && msgctl(next, IPC_STAT, &status) == 0 && status.msg_qnum == 0);
    return msgctl(next, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static int tries(void *argument)
{
    (void)argument;
    if (!be(12345))
        return 77;
    return (sends(the_queue, 1, "x", IPC_NOWAIT) == 0 ? 1 : errno == EACCES ? 0 : 64)
        | (msgrcv(the_queue, &taken, 10, 0, IPC_NOWAIT) >= 0 ? 2 : errno == EACCES ? 0 : 64)
        | (msgctl(the_queue, IPC_STAT, &status) == 0 ? 4 : errno == EACCES ? 0 : 64)
        | (msgctl(the_queue, IPC_RMID, 0) == 0 ? 8 : errno == EPERM ? 0 : 64);
}

static const char *rights_are_the_owners(void)
{
    the_queue = msgget(IPC_PRIVATE, 0602);
    int can = ends(child(tries, 0));
    hold();
    if (can == 77)
        return 0;
    MUST(can == 1 && is(takes(the_queue, 0, IPC_NOWAIT), "x"));
    MUST(msgctl(the_queue, IPC_STAT, &status) == 0);
    status.msg_perm.mode = 0604;
    MUST(msgctl(the_queue, IPC_SET, &status) == 0 && sends(the_queue, 1, "y", 0) == 0 && ends(child(tries, 0)) == 6);
    return msgctl(the_queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *proc_and_limits_tell(void)
{
    struct msginfo limits;
    char line[512];
    key_t name = key();
    int queue = msgget(name, IPC_CREAT | 0640), its_key, its_id, bytes, count, sender, receiver;
    unsigned mode;
    MUST(sends(queue, 1, "abc", 0) == 0);
    hold();
    MUST(has_line("/proc/sysvipc/msg", queue, line, sizeof line));
    MUST(sscanf(line, "%d %d %o %d %d %d %d", &its_key, &its_id, &mode, &bytes, &count, &sender, &receiver) == 7);
    MUST(its_key == name && mode == 0640 && bytes == 4 && count == 1 && sender == getpid() && receiver == 0);
    MUST(msgctl(0, IPC_INFO, (struct msqid_ds *)&limits) >= 0 && limits.msgmax == setting("/proc/sys/kernel/msgmax"));
    MUST(limits.msgmnb == setting("/proc/sys/kernel/msgmnb") && limits.msgmni == setting("/proc/sys/kernel/msgmni") && limits.msgssz == 16);
    MUST(msgctl(0, MSG_INFO, (struct msqid_ds *)&limits) >= 0 && limits.msgpool >= 1 && limits.msgmap >= 1 && limits.msgtql >= 4);
    MUST(msgctl(queue & 0x7FFF, MSG_STAT, &status) == queue && status.msg_qnum == 1);
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *arguments_are_checked(void)
{
    key_t name = key();
    MUST(FAILS(msgget(name, 0), ENOENT));
    int queue = msgget(name, IPC_CREAT | IPC_EXCL | 0600);
    struct message message = {.type = 0};
    MUST(queue >= 0 && FAILS(msgget(name, IPC_CREAT | IPC_EXCL), EEXIST));
    MUST(FAILS(msgsnd(queue, &message, 1, 0), EINVAL) && FAILS(msgsnd(queue, nowhere, 1, 0), EFAULT)
        && FAILS(msgsnd(-1, &message, 1, 0), EINVAL));
    message.type = 1;
    MUST(FAILS(msgsnd(queue, &message, -1, 0), EINVAL) && FAILS(msgrcv(queue, &taken, -1, 0, 0), EINVAL));
    MUST(FAILS(msgrcv(-1, &taken, 1, 0, 0), EINVAL) && FAILS(msgctl(queue, 99, 0), EINVAL)
        && FAILS(msgctl(queue, IPC_STAT, nowhere), EFAULT));
    MUST(sends(queue, 1, "lost", 0) == 0 && FAILS(msgrcv(queue, nowhere, 10, 0, 0), EFAULT)
        && FAILS(msgrcv(queue, &taken, 10, 0, IPC_NOWAIT), ENOMSG));
    return msgctl(queue, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const struct check checks[] = {
    ENTRY(messages_stay_without_anybody), ENTRY(types_choose), ENTRY(a_copy_leaves_the_message), ENTRY(long_messages_are_whole),
    ENTRY(a_receiver_waits_for_his_type), ENTRY(receivers_are_served_in_their_order), ENTRY(a_sender_waits_for_room),
    ENTRY(who_waits_hears_of_the_end), ENTRY(a_handler_ends_a_wait_and_a_stop_does_not), ENTRY(a_killed_receiver_takes_nothing),
    ENTRY(another_size_lets_senders_go_on), ENTRY(empty_messages_count_too), ENTRY(a_full_queue_goes_at_once),
    ENTRY(rights_are_the_owners), ENTRY(proc_and_limits_tell), ENTRY(arguments_are_checked),
};

int main(int count, char **arguments) { return RUN(checks); }
