using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// A program that writes letters in the order of the alphabet and whose position is checkpointed with it, on a machine that checkpoints,
/// shows output and loses power at random. The reader of the console may see letters again, but may miss none and see none too early.
/// </summary>
internal sealed class OutputRun(Random random)
{
    private readonly Dictionary<ulong, ulong> _writtenAt = [];
    private TestSession _session = TestSession.Create();
    private ulong _written;

    // The furthest letter the reader has seen, and the next one the device will be given.
    private ulong _seen;
    private ulong _next;

    public void Run()
    {
        for (int step = 0; step < 80; step++)
        {
            switch (random.Next(7))
            {
                case 0 or 1: Write(); break;
                case 2: Capture(); break;
                case 3: _session.Flush(); break;
                case 4: _session.Commit(); break;
                case 5: Show(random.Next(400)); break;
                default: LosePower(); break;
            }
        }
        Capture();
        _session.Flush();
        _session.Commit();
        Show(int.MaxValue);
        _session.Dispose();
    }

    private void Write()
    {
        for (int count = random.Next(300); count > 0; count--)
            _written += (ulong)_session.Group.Output.Write([Letter(_written)]);
    }

    private void Capture()
    {
        Epoch epoch = _session.Capture();
        if (epoch == _session.Engine.LastCaptured)
            _writtenAt[epoch.Value] = _written;
    }

    private void Show(int room)
    {
        var console = new TestConsole { Room = room };
        _session.Group.Output.Pump(console);
        foreach (char letter in console.Text)
            Assert.Equal((char)Letter(_next++), letter);
        _seen = Math.Max(_seen, _next);
        Epoch durable = _session.Engine.LastDurable;
        Assert.True(_seen <= _writtenAt.GetValueOrDefault(durable.Value), "something was shown before it was durable");
    }

    private void LosePower()
    {
        if (!_writtenAt.ContainsKey(1))
            return;
        _session.Flush();
        _session = _session.Reboot();
        _written = _writtenAt[_session.Engine.LastDurable.Value];
        // What is still held continues the text somewhere at or before what was seen.
        _next = _written - (_session.Group.Output.Written - _session.Group.Output.Emitted);
        Assert.True(_next <= _seen, "something was neither shown nor kept");
    }

    private static byte Letter(ulong position) => (byte)('a' + (position % 26));
}
