namespace MfpClip.Pipeline;

/// <summary>A pass that several detectors share: it is disposed with the last of them, in whatever order they go.</summary>
internal sealed class SharedPass(IDetectionPass pass)
{
    private readonly Lock _gate = new();
    private int _owners = 1;

    public IDetectionPass Pass => pass;

    /// <summary>One owner more.</summary>
    public SharedPass Acquire()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, pass);
            _owners++;
        }

        return this;
    }

    /// <summary>One owner less.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_owners > 0)
            {
                return;
            }
        }

        pass.Dispose();
    }
}

/// <summary>One owner's handle of a shared pass, as a pass.</summary>
internal sealed class SharedPassHandle(SharedPass shared) : DelegatingDetectionPass(shared.Pass)
{
    private int _disposed;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            shared.Release();
        }
    }
}
