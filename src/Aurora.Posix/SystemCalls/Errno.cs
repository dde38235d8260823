namespace Aurora.Posix.SystemCalls;

/// <summary>
/// Error numbers of the Linux x86-64 ABI, positive. The five restart codes above 511 never reach a program: a call returns one when a
/// signal interrupts it, and the executive turns it into a restart or into EINTR when it knows how the signal is handled.
/// </summary>
public enum Errno
{
    Ok = 0,
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    EINTR = 4,
    EIO = 5,
    ENXIO = 6,
    E2BIG = 7,
    ENOEXEC = 8,
    EBADF = 9,
    ECHILD = 10,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    ENOTBLK = 15,
    EBUSY = 16,
    EEXIST = 17,
    EXDEV = 18,
    ENODEV = 19,
    ENOTDIR = 20,
    EISDIR = 21,
    EINVAL = 22,
    ENFILE = 23,
    EMFILE = 24,
    ENOTTY = 25,
    ETXTBSY = 26,
    EFBIG = 27,
    ENOSPC = 28,
    ESPIPE = 29,
    EROFS = 30,
    EMLINK = 31,
    EPIPE = 32,
    EDOM = 33,
    ERANGE = 34,
    EDEADLK = 35,
    ENAMETOOLONG = 36,
    ENOLCK = 37,
    ENOSYS = 38,
    ENOTEMPTY = 39,
    ELOOP = 40,
    ENOMSG = 42,
    EIDRM = 43,
    ENODATA = 61,
    ETIME = 62,
    EPROTO = 71,
    EBADMSG = 74,
    EOVERFLOW = 75,
    ELIBBAD = 80,
    EILSEQ = 84,
    EUSERS = 87,
    ENOTSOCK = 88,
    EDESTADDRREQ = 89,
    EMSGSIZE = 90,
    EPROTOTYPE = 91,
    ENOPROTOOPT = 92,
    EPROTONOSUPPORT = 93,
    ESOCKTNOSUPPORT = 94,
    EOPNOTSUPP = 95,
    EPFNOSUPPORT = 96,
    EAFNOSUPPORT = 97,
    EADDRINUSE = 98,
    EADDRNOTAVAIL = 99,
    ENETDOWN = 100,
    ENETUNREACH = 101,
    ECONNABORTED = 103,
    ECONNRESET = 104,
    ENOBUFS = 105,
    EISCONN = 106,
    ENOTCONN = 107,
    ETOOMANYREFS = 109,
    ETIMEDOUT = 110,
    ECONNREFUSED = 111,
    EHOSTUNREACH = 113,
    EALREADY = 114,
    EINPROGRESS = 115,
    ESTALE = 116,
    EDQUOT = 122,
    ECANCELED = 125,
    EOWNERDEAD = 130,

    /// <summary>Restart when the handler has SA_RESTART or none runs; else EINTR. The usual code of a slow call.</summary>
    ERESTARTSYS = 512,

    /// <summary>Restart in any case.</summary>
    ERESTARTNOINTR = 513,

    /// <summary>Restart only when no handler runs (poll, pause, sigsuspend).</summary>
    ERESTARTNOHAND = 514,

    /// <summary>
    /// EINTR in any case. The mask that the call has put in place is the one that says which signal's handler runs (epoll_pwait).
    /// </summary>
    ERESTARTNEVER = 515,

    /// <summary>Continue with the recorded deadline when no handler runs; else EINTR (nanosleep and other relative time-outs).</summary>
    ERESTARTBLOCK = 516,

    /// <summary>
    /// Not an error: what the call needs of names is being read, and its thread waits for it (NameRequests). Made a result of a call, it is
    /// a wait that signals do not end.
    /// </summary>
    EIOCBQUEUED = 529,
}
