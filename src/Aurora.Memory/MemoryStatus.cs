namespace Aurora.Memory;

/// <summary>The outcome of every operation of this layer that can fail. Above it becomes an errno or a signal.</summary>
public enum MemoryStatus : byte
{
    Ok,

    /// <summary>A page is being read in, or frames are being written out: wait on the returned queue and try again.</summary>
    WouldBlock,

    /// <summary>No frame, or no room for a kernel structure.</summary>
    OutOfMemory,

    /// <summary>No mapping covers the address (SIGSEGV, SEGV_MAPERR).</summary>
    NotMapped,

    /// <summary>A mapping covers the address but forbids the access (SIGSEGV, SEGV_ACCERR; EACCES).</summary>
    AccessDenied,

    /// <summary>The page lies beyond the end of its object, or could not be read from the store (SIGBUS).</summary>
    BusError,

    /// <summary>An address, length or combination of flags that no program may pass (EINVAL).</summary>
    InvalidArgument,

    /// <summary>The range is in use and must not be replaced (EEXIST).</summary>
    AlreadyMapped,

    /// <summary>A limit of the address space would be exceeded (ENOMEM).</summary>
    OverLimit,

    /// <summary>User memory that cannot be accessed (EFAULT); only <see cref="UserMemory"/> returns it.</summary>
    Fault,

    /// <summary>A string in user memory has no end within the limit (ENAMETOOLONG, E2BIG).</summary>
    TooLong,
}
