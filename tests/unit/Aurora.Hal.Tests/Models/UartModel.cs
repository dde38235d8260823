using System.Collections.Generic;

namespace Aurora.Hal.Tests;

/// <summary>A 16550 with QEMU's habits: bytes leave at once unless the line is blocked, received bytes wait while the FIFO is full.</summary>
internal sealed class UartModel(ushort basePort) : PortSpace
{
    private readonly Queue<byte> _fifo = new();
    private byte _scratch, _lineControl, _enable;
    private bool _transmitterPending;
    private bool _overrun;

    public List<byte> Sent { get; } = [];
    public bool IsBlocked { get; set; }
    public bool IsMissing { get; set; }

    /// <summary>The level of the interrupt line.</summary>
    public bool InterruptLine => Identify() != UartInterruptId.NonePending;

    /// <summary>A byte arrives; false when the FIFO is full and the sender must wait.</summary>
    public bool Offer(byte value)
    {
        if (_fifo.Count == 16)
            return false;
        _fifo.Enqueue(value);
        return true;
    }

    public void RaiseOverrun() => _overrun = true;

    public override byte In8(ushort port) => IsMissing ? (byte)0xff : ReadRegister((ushort)(port - basePort));

    private byte ReadRegister(ushort register) => register switch
    {
        UartRegister.Data => _fifo.Count > 0 ? _fifo.Dequeue() : (byte)0,
        UartRegister.InterruptEnable => _enable,
        UartRegister.InterruptIdentification => ReadIdentification(),
        UartRegister.LineStatus => ReadLineStatus(),
        UartRegister.Scratch => _scratch,
        _ => 0,
    };

    public override void Out8(ushort port, byte value)
    {
        switch ((ushort)(port - basePort))
        {
            case UartRegister.Data when (_lineControl & 0x80) == 0 && !IsMissing:
                Sent.Add(value);
                _transmitterPending = true;
                break;
            case UartRegister.InterruptEnable when (_lineControl & 0x80) == 0:
                _transmitterPending |= (value & ~_enable & 2) != 0;
                _enable = value;
                break;
            case UartRegister.LineControl:
                _lineControl = value;
                break;
            case UartRegister.Scratch:
                _scratch = value;
                break;
        }
    }

    private byte Identify()
    {
        if ((_enable & 4) != 0 && _overrun)
            return UartInterruptId.LineStatus;
        if ((_enable & 1) != 0 && _fifo.Count > 0)
            return UartInterruptId.ReceivedData;
        if ((_enable & 2) != 0 && _transmitterPending && !IsBlocked)
            return UartInterruptId.TransmitterEmpty;
        return UartInterruptId.NonePending;
    }

    private byte ReadIdentification()
    {
        byte id = Identify();
        if (id == UartInterruptId.TransmitterEmpty)
            _transmitterPending = false;
        return (byte)(id | 0xc0);
    }

    private byte ReadLineStatus()
    {
        var status = IsBlocked ? UartLineStatus.None : UartLineStatus.TransmitterEmpty | UartLineStatus.TransmitterIdle;
        status |= _fifo.Count > 0 ? UartLineStatus.DataReady : UartLineStatus.None;
        status |= _overrun ? UartLineStatus.Overrun : UartLineStatus.None;
        _overrun = false;
        return (byte)status;
    }

    public override ushort In16(ushort port) => 0xffff;
    public override uint In32(ushort port) => 0xffffffff;
    public override void Out16(ushort port, ushort value) => Assert8BitOnly();
    public override void Out32(ushort port, uint value) => Assert8BitOnly();

    private static void Assert8BitOnly() => Xunit.Assert.Fail("a UART register was written with the wrong width");
}
