// A machine's life: StartAsync makes the sockets, forks QEMU and waits until both serial ports are connected; from then on one task reads
// the control lines until QEMU closes them, and Exited completes when the process is gone and its last line has been read. The console
// stream belongs to the caller, who must keep reading it: the guest's output stops when the socket is full.
using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>A running virtual machine. Disposing it cuts the power.</summary>
public sealed class VirtualMachine : IAsyncDisposable
{
    private static readonly TimeSpan _connectDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _backlogDeadline = TimeSpan.FromSeconds(1);

    private readonly QemuProcess _process;
    private readonly MachineDirectory _directory;
    private readonly DiskLock? _diskLock;
    private readonly ExecRelay? _relay;
    private readonly Socket _console;
    private readonly NetworkStream _control;
    private readonly SemaphoreSlim _controlWriter = new(1);
    private int? _guestStatus;
    private bool _poweredOff;

    private VirtualMachine(
        QemuProcess process, MachineDirectory directory, DiskLock? diskLock, Socket? programs, Socket console, Socket control,
        Acceleration acceleration)
    {
        _process = process;
        _directory = directory;
        _diskLock = diskLock;
        _console = console;
        _control = new NetworkStream(control, ownsSocket: true);
        Console = new NetworkStream(console, ownsSocket: true);
        Acceleration = acceleration;
        if (programs != null)
        {
            _relay = new ExecRelay(programs, line => SendAsync(line));
            Events.Received += _relay.OnEvent;
        }
        Exited = RunAsync();
    }

    /// <summary>COM1: the guest's console, raw bytes in both directions.</summary>
    public NetworkStream Console { get; }

    /// <summary>COM2: the kernel's log and events.</summary>
    public EventLog Events { get; } = new();

    public Acceleration Acceleration { get; }
    public int ProcessId => _process.Id;

    /// <summary>Why no programs are accepted that should be; empty when they are, or need not be.</summary>
    public string ProgramsFault { get; private init; } = "";

    /// <summary>Completes when QEMU has ended and everything it sent has been read.</summary>
    public Task<MachineExit> Exited { get; }

    /// <summary>Locks the disk, starts QEMU and connects its serial ports.</summary>
    public static async Task<VirtualMachine> StartAsync(MachineConfiguration configuration, CancellationToken cancellation = default)
    {
        Acceleration acceleration = HostVirtualization.Resolve(configuration.Acceleration);
        if (!File.Exists(configuration.Kernel))
            throw new MachineException($"no kernel image at {configuration.Kernel}");
        DiskLock? diskLock = configuration.Disk == null ? null : DiskLock.Acquire(configuration.Disk);
        MachineDirectory? directory = null;
        QemuProcess? process = null;
        Socket? programs = null;
        try
        {
            string fault = "";
            programs = diskLock != null && configuration.AcceptsPrograms ? ExecSocket.Listen(configuration.Disk!, out fault) : null;
            directory = new MachineDirectory(configuration.Boot.Encode());
            process = await QemuProcess.StartAsync(configuration.Program, QemuCommandLine.Build(
                configuration, acceleration, directory.ConsoleSocket, directory.ControlSocket, directory.BootFile)).ConfigureAwait(false);
            (Socket console, Socket control) = await ConnectAsync(directory, process, cancellation).ConfigureAwait(false);
            return new VirtualMachine(process, directory, diskLock, programs, console, control, acceleration) { ProgramsFault = fault };
        }
        catch
        {
            process?.Dispose();
            directory?.Dispose();
            programs?.Dispose();
            diskLock?.Dispose();
            throw;
        }
    }

    /// <summary>Sends one line to the kernel: <c>eof</c>, <c>winsize ROWS COLS</c>, <c>poweroff</c>, <c>checkpoint [NAME]</c>.</summary>
    public async Task SendAsync(string line, CancellationToken cancellation = default)
    {
        await _controlWriter.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _control.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellation).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The machine is gone; Exited tells how.
        }
        finally
        {
            _controlWriter.Release();
        }
    }

    /// <summary>Tells the guest that its standard input has ended, after it has received every byte sent before.</summary>
    public async Task SendEndOfInputAsync(CancellationToken cancellation = default)
    {
        await SocketQueue.DrainAsync(_console, Exited, cancellation).ConfigureAwait(false);
        await SendAsync("eof", cancellation).ConfigureAwait(false);
    }

    /// <summary>Pulls the plug: SIGKILL to QEMU. Returns when it is gone.</summary>
    public async Task<MachineExit> CutPowerAsync()
    {
        _process.Kill();
        return await Exited.ConfigureAwait(false);
    }

    /// <summary>Asks the kernel to power off, and pulls the plug when it has not done so in time.</summary>
    public async Task<MachineExit> StopAsync(TimeSpan deadline)
    {
        using var late = new CancellationTokenSource(deadline);
        try
        {
            // A kernel that does not read keeps the line full.
            await SendAsync("poweroff", late.Token).ConfigureAwait(false);
            return await Exited.WaitAsync(late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return await CutPowerAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CutPowerAsync().ConfigureAwait(false);
        await Console.DisposeAsync().ConfigureAwait(false);
        await _control.DisposeAsync().ConfigureAwait(false);
        _process.Dispose();
        _directory.Dispose();
        _diskLock?.Dispose();
        _controlWriter.Dispose();
    }

    private static async Task<(Socket Console, Socket Control)> ConnectAsync(MachineDirectory directory, QemuProcess process, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(_connectDeadline);
        Task<(Socket, Socket)> connected = directory.AcceptAsync(deadline.Token);
        Task<int> ended = process.WaitAsync();
        // A machine may have done its work and ended before its connections were accepted: they wait in the backlog and are there at once.
        if (await Task.WhenAny(connected, ended).ConfigureAwait(false) == ended)
            await Task.WhenAny(connected, Task.Delay(_backlogDeadline, deadline.Token)).ConfigureAwait(false);
        if (connected.IsCompleted)
        {
            try
            {
                return await connected.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new MachineException($"QEMU did not come up within {_connectDeadline.TotalSeconds:0} s. {process.Errors}");
            }
        }
        await deadline.CancelAsync().ConfigureAwait(false);
        throw new MachineException($"QEMU ended at once with status {await ended.ConfigureAwait(false)}: {process.Errors}");
    }

    private async Task<MachineExit> RunAsync()
    {
        await Task.Yield();
        await ReadControlAsync().ConfigureAwait(false);
        int status = await _process.WaitAsync().ConfigureAwait(false);
        Events.End($"the machine ended (QEMU status {status}) {_process.Errors}".TrimEnd());
        // Its socket goes while nobody else can have the disk.
        if (_relay != null)
            await _relay.DisposeAsync().ConfigureAwait(false);
        _directory.Dispose();
        _diskLock?.Dispose();
        return new MachineExit(_guestStatus, _poweredOff, status, _process.Errors);
    }

    private async Task ReadControlAsync()
    {
        try
        {
            using var reader = new StreamReader(_control, new UTF8Encoding(false), leaveOpen: true);
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                _directory.Dispose(); // A kernel that speaks has been loaded: QEMU needs the files no more.
                ControlEvent item = ControlLineParser.Parse(line);
                if (item is ExitEvent exit)
                    _guestStatus = exit.Status;
                _poweredOff |= item is PowerOffEvent;
                Events.Add(item);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // QEMU died with unread input in its sockets; what it managed to say has been read.
        }
    }
}
