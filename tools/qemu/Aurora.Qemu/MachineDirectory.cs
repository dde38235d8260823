using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>The private folder in which a starting machine finds its sockets and boot configuration. It is gone once the machine runs.</summary>
internal sealed class MachineDirectory : IDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Socket _console;
    private readonly Socket _control;

    public MachineDirectory(byte[] bootConfiguration)
    {
        _folder = Directory.CreateTempSubdirectory("aurora-");
        BootFile = Path.Combine(_folder.FullName, "boot");
        File.WriteAllBytes(BootFile, bootConfiguration);
        _console = Listen(ConsoleSocket);
        _control = Listen(ControlSocket);
    }

    public string BootFile { get; }
    public string ConsoleSocket => Path.Combine(_folder.FullName, "console");
    public string ControlSocket => Path.Combine(_folder.FullName, "control");

    /// <summary>Waits for QEMU to connect both serial ports. Afterwards the sockets are no longer in the file system.</summary>
    public async Task<(Socket Console, Socket Control)> AcceptAsync(CancellationToken cancellation)
    {
        Socket console = await _console.AcceptAsync(cancellation).ConfigureAwait(false);
        try
        {
            Socket control = await _control.AcceptAsync(cancellation).ConfigureAwait(false);
            File.Delete(ConsoleSocket);
            File.Delete(ControlSocket);
            return (console, control);
        }
        catch
        {
            console.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _console.Dispose();
        _control.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Already gone: the machine has booted, or has ended.
        }
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }
}
