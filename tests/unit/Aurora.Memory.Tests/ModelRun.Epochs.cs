using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The operations of checkpoints, page-in and power loss.</summary>
internal sealed unsafe partial class ModelRun
{
    // Starts reading pages and lets other things happen before the reads complete.
    private void HoldPageIns()
    {
        for (int count = 0; count < 3; count++)
        {
            if (PickPage(out AddressSpace* space, out ulong number, out _))
                _machine.Memory.Faults.Handle(space, At(number), FaultAccess.Read);
        }
        _machine.HoldPageIns();
    }

    // Moves the hand a little, or round and round until everything that may go has gone.
    private void Reclaim()
    {
        int rounds = _random.Next(3);
        for (int steps = _random.Next(1, 6); rounds > 0 || steps > 0; steps--)
        {
            if (_machine.Memory.Reclaim.Step())
                rounds--;
        }
        _machine.Memory.Verifier.VerifyAll();
    }

    private void Freeze()
    {
        if (_machine.Epochs.Count < 4 && !_machine.Tracker.IsEphemeral)
            _machine.Freeze().Tag = _state.Copy();
    }

    // Freezes what one mapping shows, where that can be: all else is as the newest epoch has it.
    private void FreezeAlone()
    {
        if (_machine.Tracker.IsEphemeral || _machine.Epochs.Count >= 4)
            return;
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page) || !page.IsAnonymous)
            return;
        Mapping* mapping = MappingTable.Find(space, At(number));
        AloneStatus status = _machine.Memory.Epochs.AloneStatusOf(mapping);
        if (status == AloneStatus.Entangled)
            return;
        ModelState captured = ((ModelState)_machine.CapturedTag!).Copy();
        ModelSpace now = _state.Spaces[space->Header.Id.Value];
        ModelSpace then = captured.Spaces[space->Header.Id.Value];
        foreach (ulong each in Range(mapping->Start.Value >> 12, mapping->Pages))
        {
            // Behind the end of shared memory that was mapped for longer.
            if (now.Pages[each].Contents == null)
                continue;
            if (status == AloneStatus.Unchanged)
                Assert.Equal(now.Pages[each].Contents!.Words, then.Pages[each].Contents!.Words);
            now.Pages[each].Contents!.Words.CopyTo(then.Pages[each].ForStore().Words, 0);
            then.Pages[each].IsWritten = now.Pages[each].IsWritten;
        }
        if (status == AloneStatus.Pages)
            _machine.FreezeAlone(mapping->Object).Tag = captured;
        FrozenAlone += status == AloneStatus.Pages ? 1 : 0;
    }

    // A program that has one mapping frozen again and again between checkpoints.
    private void StoreAndFreezeAlone()
    {
        for (int round = _random.Next(1, 5); round > 0; round--)
        {
            StoreWord();
            FreezeAlone();
        }
    }

    // Makes pages hot that follow each other, more than a freeze copies now and then, and leaves them so.
    private void StoreAndFreezeRepeatedly()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out _))
            return;
        int rounds = _random.Next(3, 14);
        ulong pages = (ulong)(_random.Next(2) == 0 ? 1 : _random.Next(2, 15));
        for (int round = 0; round < rounds; round++)
        {
            for (ulong page = number; page < number + pages; page++)
            {
                // Now and then one is left alone although it has been opened.
                if (round < 3 || _random.Next(3) != 0)
                    StoreNext(space, page);
            }
            if (_machine.Epochs.Count == 4)
                _machine.ReleaseOldest();
            Freeze();
        }
    }

    private void StoreNext(AddressSpace* space, ulong number)
    {
        ModelPage? page = _state.Spaces[space->Header.Id.Value].Pages.GetValueOrDefault(number);
        if (page == null || Expected(page, write: true) != MemoryStatus.Ok)
            return;
        _machine.Store64(space, number << 12, _nextValue);
        page.ForStore().Words[0] = _nextValue++;
    }

    private void SubmitNext()
    {
        InFlightEpoch? next = _machine.Epochs.Find(epoch => !epoch.IsSubmitted);
        if (next != null)
            _machine.Submit(next);
    }

    private void ReleaseOldest()
    {
        if (_machine.Epochs.Count == 0)
            return;
        // All of them, one, or a part of one.
        int kind = _random.Next(4);
        for (int epochs = kind == 0 ? _machine.Epochs.Count : 1; kind != 1 && epochs > 0; epochs--)
            _machine.ReleaseOldest();
        if (kind != 1)
            return;

        // A part of it: whatever comes next happens while it lands.
        for (int pieces = _random.Next(1, 4); pieces > 0 && !_machine.ReleaseSome(); pieces--)
        {
        }
    }

    private void Merge()
    {
        while (_machine.Epochs.Count > 0 && !_machine.Epochs[^1].IsSubmitted)
            _machine.MergeNewest();
    }

    // Power is lost: what the last submitted epoch captured is what comes back, on an empty machine.
    private void CrashAndRestore(bool becomesEphemeral = false)
    {
        if (_machine.Tracker.IsEphemeral)
            return;
        if (_machine.Epochs.Count == 0)
            Freeze();
        foreach (InFlightEpoch epoch in _machine.Epochs.Where(epoch => !epoch.IsSubmitted).ToList())
            _machine.Submit(epoch);
        var state = (ModelState)_machine.Epochs[^1].Tag!;
        TestMachine restored = _machine.Restore(_machine.Store.Copy(), becomesEphemeral);
        foreach (ulong id in state.Spaces.Keys)
            restored.Memory.Spaces.Retain((AddressSpace*)restored.Tracker.Find(new ObjectId(id)));
        foreach (ulong id in state.Files.Keys)
            restored.Memory.Objects.Retain((VmObject*)restored.Tracker.Find(new ObjectId(id)));
        _machine.Dispose();
        _machine = restored;
        _machine.ReleasedTag = state.Copy();
        _state = state;
        if (_random.Next(2) == 0)
            CompareAll(_machine, _state);
    }
}
