using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Looks into a socket's send queue.</summary>
internal static partial class SocketQueue
{
    // SIOCOUTQ: the bytes a UNIX socket has sent that its peer has not received yet.
    private const nuint OutputQueueRequest = 0x5411;
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Waits until the peer has taken every byte, or has ended. The two serial ports are separate channels, so "end of input" on one
    /// could overtake the input on the other; and there is no event for an emptied queue, hence the polling.
    /// </summary>
    public static async Task DrainAsync(Socket socket, Task ended, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_pollInterval);
        while (!ended.IsCompleted && Outstanding(socket) > 0)
            await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
    }

    private static int Outstanding(Socket socket)
    {
        try
        {
            return IoControl(socket.SafeHandle, OutputQueueRequest, out int bytes) == 0 ? bytes : 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeHandle descriptor, nuint request, out int value);
}
