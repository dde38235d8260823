// Everything between a device and its handler: the local APIC, the I/O APICs, vectors and posted events. Vectors of message-signalled devices share one
// handler, which ends the interrupt and posts the device's event: the main loop does the rest.
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>The interrupt controllers of the machine.</summary>
public sealed unsafe class InterruptSystem
{
    private static InterruptSystem? s_current;

    private readonly InterruptTopology _topology;
    private readonly IoApic[] _ioApics;

    /// <summary>Silences the legacy controllers, enables the local APIC and masks every line (boot only; interrupts are off).</summary>
    public InterruptSystem(InterruptTopology topology, PortSpace ports, PostedEvents events)
    {
        _topology = topology;
        Events = events;
        if (topology.HasLegacyControllers)
            LegacyPic.Disable(ports, Interrupts.FirstDeviceVector);
        LocalApic = new LocalApic(topology.LocalApicAddress);
        _ioApics = new IoApic[topology.IoApics.Length];
        for (int i = 0; i < _ioApics.Length; i++)
            _ioApics[i] = new IoApic(topology.IoApics[i]);
        s_current = this;
        TimerEvent = events.Define();
        Interrupts.Register(LocalApic.TimerVector, &OnTimer, null);
        Interrupts.Register(LocalApic.ErrorVector, &OnError, null);
        Interrupts.Register(LocalApic.SpuriousVector, &OnSpurious, null);
    }

    public PostedEvents Events { get; }
    public LocalApic LocalApic { get; }

    /// <summary>Posted when the one-shot timer fires.</summary>
    public int TimerEvent { get; }

    public uint SpuriousCount { get; private set; }

    /// <summary>Errors the local APIC reported, as the union of their bits (Intel SDM vol. 3A §11.5.3).</summary>
    public uint ErrorBits { get; private set; }

    /// <summary>Ends the interrupt in service; for handlers registered elsewhere.</summary>
    public static void End() => s_current!.LocalApic.EndOfInterrupt();

    /// <summary>Delivers an ISA interrupt to this processor; false when no I/O APIC serves it. The handler calls <see cref="End"/>.</summary>
    public bool TryConnectIsa(int interrupt, delegate*<void*, void> handler)
    {
        InterruptRoute route = _topology.RouteOfIsa(interrupt);
        foreach (IoApic ioApic in _ioApics)
        {
            if (!ioApic.Serves(route.GlobalInterrupt))
                continue;
            int vector = Interrupts.AllocateVector();
            Interrupts.Register(vector, handler, null);
            ioApic.Route(route, (byte)vector, (byte)LocalApic.Id);
            return true;
        }
        return false;
    }

    /// <summary>Connects an MSI-X entry to a new event and returns the event's number.</summary>
    public int Connect(MsiX msiX, int entry)
    {
        InterruptMessage message = NewMessage(out int eventNumber);
        msiX.Connect(entry, message);
        return eventNumber;
    }

    /// <summary>Connects the single message of a device that has MSI only; false when it has not.</summary>
    public bool TryConnect(PciDevice device, out int eventNumber)
    {
        eventNumber = -1;
        return device.FindCapability(PciCapability.Msi) != 0 && Msi.TryConnect(device, NewMessage(out eventNumber));
    }

    private InterruptMessage NewMessage(out int eventNumber)
    {
        Panic.Unless(LocalApic.Id <= byte.MaxValue, "interrupts: a message cannot name a processor above 255"u8);
        int vector = Interrupts.AllocateVector();
        eventNumber = Events.Define();
        Interrupts.Register(vector, &OnMessage, (void*)eventNumber);
        return new InterruptMessage((byte)LocalApic.Id, (byte)vector);
    }

    private static void OnMessage(void* eventNumber)
    {
        s_current!.Events.Post((int)eventNumber);
        s_current.LocalApic.EndOfInterrupt();
    }

    private static void OnTimer(void* context)
    {
        s_current!.Events.Post(s_current.TimerEvent);
        s_current.LocalApic.EndOfInterrupt();
    }

    private static void OnError(void* context)
    {
        s_current!.ErrorBits |= s_current.LocalApic.TakeErrors();
        s_current.LocalApic.EndOfInterrupt();
    }

    /// <summary>Spurious interrupts are not in service and must not be ended (§11.9).</summary>
    private static void OnSpurious(void* context) => s_current!.SpuriousCount++;
}
