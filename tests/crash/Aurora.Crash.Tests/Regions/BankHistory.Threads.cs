// What the threads of a bank do: transfers, and what belongs to everybody.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Crash.Tests;

internal sealed unsafe partial class BankHistory
{
    // A balance is kept with one added: a page of nothing is an account that is missing.
    private void Serve(int thread)
    {
        int region = thread % Banks;
        (int Region, ulong Number) later = default;
        _active++;
        for (int count = 0; count < _transfers; count++)
        {
            BeQuiet();
            List<int> accounts = TakeAccounts(region);
            Move(thread, region, accounts);
            bool isGivenUp = thread >= Threads - 4 && _random.Next(3) == 0;
            ulong number = 0;
            if (isGivenUp)
                GiveUp(thread, region);
            else
                number = Persist(region, thread, isOfAll: false);
            foreach (int account in accounts)
                _taken[region, account] = false;
            if (number != 0 && _random.Next(3) != 0)
                AwaitDurable(region, number);
            else if (number != 0)
                later = (region, number);
            if (_random.Next(4) == 0)
                StoreCommon(thread);
            if (later.Number != 0 && _random.Next(3) == 0)
                AwaitDurable(later.Region, later.Number);
        }
        if (later.Number != 0)
            AwaitDurable(later.Region, later.Number);
        _active--;
        if (--_left == 0)
            _fibers.End();
    }

    // Now and then everybody is done with what he has begun.
    private void BeQuiet()
    {
        _active--;
        while (_isQuiet)
            Pass();
        _active++;
    }

    private List<int> TakeAccounts(int region)
    {
        var accounts = new List<int>();
        int wanted = 2 + _random.Next(MostAccounts - 1);
        while (accounts.Count < wanted)
        {
            int account = _random.Next(Accounts);
            if (_taken[region, account])
                continue;
            _taken[region, account] = true;
            accounts.Add(account);
        }
        return accounts;
    }

    private void Move(int thread, int region, List<int> accounts)
    {
        BankModel model = _models[region];
        for (int i = 1; i < accounts.Count; i++)
        {
            ulong amount = (ulong)_random.NextInt64((long)model.Now(accounts[0]));
            Store(thread, region, accounts[0], model.Now(accounts[0]) - amount);
            Pass();
            Store(thread, region, accounts[i], model.Now(accounts[i]) + amount);
        }
        Store(thread, region, Accounts + thread, model.Now(Accounts + thread) + 1);
        if (thread < Threads - 4 && _random.Next(2) == 0)
            Store(thread, region, Common, model.Now(Common) + 1);
    }

    // The third region is everybody's.
    private void StoreCommon(int thread)
    {
        const int region = Banks;
        for (int count = _random.Next(1, 20); count > 0; count--)
            Store(thread, region, _random.Next(Pages), (ulong)_random.NextInt64());
        bool isOfAll = _random.Next(3) == 0;
        if (_models[region].Dirty(isOfAll ? -1 : thread) == 0)
            return;
        ulong number = Persist(region, thread, isOfAll);
        if (_random.Next(2) == 0)
            AwaitDurable(region, number);
    }

    private void Store(int thread, int region, int page, ulong value)
    {
        ulong* pointer = At(thread, region, page, FaultAccess.Write);
        ulong now = _models[region].Now(page);
        CrashStore.Require(pointer[0] == now && pointer[511] == now, $"{NameOf(region)} page {page} is {pointer[0]} instead of {now}");
        pointer[0] = pointer[300] = pointer[511] = value;
        _models[region].Store(thread, page, value);
    }

    private AddressSpace* SpaceOf(int thread) => (AddressSpace*)_spaces[thread / Banks % Programs];

    private ulong* At(int thread, int region, int page, FaultAccess access)
        => _machine.Touch(thread, SpaceOf(thread), _addresses[region] + ((ulong)page * PageSize.Bytes), access);

    private ulong Persist(int region, int thread, bool isOfAll)
    {
        var about = (Region*)_regions[region];
        RegionWriter* writer = isOfAll ? null : &_machine.Thread(thread)->Regions;
        bool isWaitedFor = _random.Next(2) == 0;
        for (;;)
        {
            int dirty = _models[region].Dirty(isOfAll ? -1 : thread);
            ulong found = Aurora.Memory.Regions.DirtyPagesOf(about, writer);
            CrashStore.Require(found == (ulong)dirty, $"{NameOf(region)}: {found} dirty pages of thread {thread} instead of {dirty}");
            Errno error = _machine.Regions.Persist(about, writer, isWaitedFor, out ulong number);
            CrashStore.Require(error is Errno.Ok or Errno.EAGAIN, $"persist: {error}");
            if (error == Errno.Ok)
            {
                if (dirty != 0)
                    _models[region].Take(isOfAll ? -1 : thread, number);
                _persists++;
                return number;
            }
            Pass();
        }
    }

    private void AwaitDurable(int region, ulong number)
    {
        Errno error;
        while ((error = _machine.Regions.StateOf((Region*)_regions[region], number)) == Errno.EAGAIN)
            Pass();
        CrashStore.Require(error == Errno.Ok, $"persist {number} of {NameOf(region)}: {error}");
        _durable[region] = Math.Max(_durable[region], number);
        // Until all regions are there nothing is checked.
        if (_isOpen)
            Promise();
    }

    private void Promise()
    {
        _durable[Regions] = _group.Durable;
        _promises.Add((ulong[])_durable.Clone());
        _device.Acknowledge((ulong)_promises.Count - 1);
    }

    private void GiveUp(int thread, int region)
    {
        var request = new RegionRequest { Kind = RegionRequestKind.Abort, Number = ((Region*)_regions[region])->Number };
        Errno error = _machine.Ask(in request, thread, out _);
        CrashStore.Require(error == Errno.Ok, $"abort: {error}");
        _models[region].GiveUp(thread);
    }
}
