using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>
/// A running QEMU. It gets SIGKILL when this process ends in whatever way (setpriv), and no signals from the terminal (setsid), so that
/// Ctrl-C reaches the launcher alone.
/// </summary>
internal sealed class QemuProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Lock _errorsLock = new();

    private QemuProcess(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, data) => AddError(data.Data);
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        _process.StandardOutput.Close();
    }

    public int Id => _process.Id;

    /// <summary>What QEMU wrote on standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_errorsLock)
                return _errors.ToString().Trim();
        }
    }

    public static async Task<QemuProcess> StartAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in (string[])["--pdeathsig", "KILL", "--", "setsid", program, .. arguments])
            start.ArgumentList.Add(word);
        try
        {
            return new QemuProcess(await LaunchThread.RunAsync(() => Process.Start(start)!).ConfigureAwait(false));
        }
        catch (Win32Exception failure)
        {
            throw new MachineException("cannot start QEMU: setpriv (package util-linux) is missing", failure);
        }
    }

    /// <summary>Ends QEMU without warning: SIGKILL. Does nothing when it has ended.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has already ended and been reaped.
        }
    }

    /// <summary>Waits until QEMU has ended and its error output is complete; returns its exit status.</summary>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void AddError(string? line)
    {
        if (line == null)
            return;
        lock (_errorsLock)
            _errors.AppendLine(line);
    }
}
