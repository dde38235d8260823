// What changes the order of commits is done by one fiber at a time, in the order in which they asked.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A lock that is had in the order of asking.</summary>
internal sealed unsafe class CommitTurns(StoreContext context)
{
    private ulong _nextTicket;
    private ulong _servedTicket;

    /// <summary>Nobody has the turn or waits for it.</summary>
    public bool IsFree => _nextTicket == _servedTicket;

    /// <summary>Waits for the turn. Blocks.</summary>
    public void Take()
    {
        ulong ticket = _nextTicket++;
        while (ticket != _servedTicket)
            context.Fibers.Block(&context.Queues->Turn);
    }

    /// <summary>Gives the turn to the next in line.</summary>
    public void End()
    {
        _servedTicket++;
        context.Fibers.WakeAll(&context.Queues->Turn);
    }
}
