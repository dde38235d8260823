// syslog: the kernel's log goes to the machine's serial line and is not kept, so that to programs it is empty.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class KernelLogCalls
{
    private const int Close = 0;
    private const int Open = 1;
    private const int Read = 2;
    private const int ReadAll = 3;
    private const int ReadAndClear = 4;
    private const int Clear = 5;
    private const int ConsoleOff = 6;
    private const int ConsoleOn = 7;
    private const int ConsoleLevel = 8;
    private const int UnreadBytes = 9;
    private const int BufferBytes = 10;

    public static void Register(SystemCallTable table) => table.Register(103, &Syslog);

    private static SystemCallResult Syslog(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!thread->Process->Credentials.Has(Capability.Syslog))
            return Errno.EPERM;
        bool hasBuffer = arguments->Arg1 != 0 && arguments->Int2 >= 0;
        switch (arguments->Int0)
        {
            // Nothing of it is shown on programs' consoles, whatever the level.
            case Open or Close or Clear or UnreadBytes or BufferBytes or ConsoleOff or ConsoleOn:
                return 0;
            case ConsoleLevel when arguments->Int2 is >= 1 and <= 8:
                return 0;
            case Read when hasBuffer:
                // Nothing comes: only a signal ends this.
                return arguments->Int2 == 0 ? 0 : SystemCallResult.BlockedOr(Errno.ERESTARTSYS);
            case ReadAll or ReadAndClear when hasBuffer:
                return 0;
            default:
                return Errno.EINVAL;
        }
    }
}
