namespace MfpClip.References;

/// <summary>
/// A greedy k-centre coreset of any number of images in bounded memory. Tokens come image by image; those nearer to a stored one than the last
/// reduction left gaps are not stored, and a full buffer is reduced by <see cref="GreedyCoreset"/>. Not safe for concurrent callers.
/// </summary>
/// <remarks>
/// Memory: <see cref="MaximumRows"/> rows of D floats, and for the time of a reduction 256 floats a row at most. Every token that was given lies within
/// <see cref="CoveringRadius"/> of a stored one.
/// </remarks>
internal sealed class StreamedCoreset : IDisposable
{
    private const int MaximumPiece = 4096;

    private readonly long _seed;
    private readonly int[] _images;
    private readonly float[] _reach; // how far the tokens that a row stands for lie from it, at most
    private Tensor? _buffer; // [MaximumRows, D]
    private double _radius;

    /// <param name="rows">Rows of the coreset, at least 1.</param>
    /// <param name="maximumRows">Rows held at any time, more than <paramref name="rows"/>; twice as many are a good choice.</param>
    /// <param name="seed">Of the reductions' random projection.</param>
    public StreamedCoreset(int rows, int maximumRows, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maximumRows, rows);
        (Rows, MaximumRows, _seed) = (rows, maximumRows, seed);
        (_images, _reach) = (new int[maximumRows], new float[maximumRows]);
    }

    /// <summary>Rows of the coreset.</summary>
    public int Rows { get; }

    /// <summary>Rows held at any time.</summary>
    public int MaximumRows { get; }

    /// <summary>Rows held now.</summary>
    public int Count { get; private set; }

    /// <summary>Times that the buffer was reduced.</summary>
    public int Reductions { get; private set; }

    /// <summary>No token that was given is farther than this from the stored rows (L2): an upper bound by the triangle inequality.</summary>
    public double CoveringRadius => Count == 0 ? 0 : _reach.Take(Count).Max();

    /// <summary>Takes the tokens of one image, or of a part of it.</summary>
    /// <param name="tokens"><c>[N, D]</c> float32; the first call decides D and the device. Stays the caller's.</param>
    /// <param name="image">What <see cref="Take"/> returns for its rows.</param>
    /// <param name="cancellationToken">Checked between pieces; what was stored before stays.</param>
    /// <exception cref="ReferenceException">The tokens have another width, or values that are not finite.</exception>
    public void Add(Tensor tokens, int image, CancellationToken cancellationToken = default)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        _buffer ??= torch.empty(MaximumRows, tokens.shape[1], dtype: ScalarType.Float32, device: tokens.device).DetachFromDisposeScope();
        Check(tokens);
        int piece = Math.Clamp((MaximumRows - Rows) / 4, 1, MaximumPiece);
        for (long at = 0; at < tokens.shape[0]; at += piece)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int taken = (int)Math.Min(piece, tokens.shape[0] - at);
            if (MaximumRows - Count < taken)
            {
                Reduce();
            }

            using var inner = torch.NewDisposeScope();
            Store(tokens.narrow(0, at, taken).to(_buffer.device).to_type(ScalarType.Float32), image);
        }
    }

    /// <summary>The coreset of all that was added.</summary>
    /// <returns>Rows <c>[at most Rows, D]</c>, the caller's, and the image of each.</returns>
    /// <exception cref="ReferenceException">Nothing was added.</exception>
    public (Tensor Rows, IReadOnlyList<int> Images) Take()
    {
        if (_buffer is null || Count == 0)
        {
            throw new ReferenceException(null, "there are no tokens to make a coreset of. Add at least one image with at least one token.");
        }

        if (Count > Rows)
        {
            Reduce();
        }

        using var scope = torch.NewDisposeScope();
        return (_buffer.narrow(0, 0, Count).clone().MoveToOuterDisposeScope(), _images[..Count]);
    }

    /// <summary>A copy of all that it holds, to be continued from later.</summary>
    /// <exception cref="ReferenceException">Nothing was added.</exception>
    public StreamedCoresetState Save()
    {
        if (_buffer is null)
        {
            throw new ReferenceException(null, "there are no tokens to save. Add at least one image.");
        }

        using var scope = torch.NewDisposeScope();
        return new(_buffer.narrow(0, 0, Count).clone().MoveToOuterDisposeScope(), _images[..Count], _reach[..Count], _radius, Reductions);
    }

    /// <summary>Continues from what was saved; sizes and seed must be those that it was saved with for the same result.</summary>
    /// <param name="state">Stays the caller's.</param>
    /// <exception cref="ReferenceException">It does not fit, or something was added before.</exception>
    public void Restore(StreamedCoresetState state)
    {
        int count = (int)state.Rows.shape[0];
        if (_buffer is not null || count > MaximumRows || state.Images.Count != count || state.Reach.Count != count
            || !(double.IsFinite(state.Radius) && state.Radius >= 0) || !state.Reach.All(r => float.IsFinite(r) && r >= 0))
        {
            throw new ReferenceException(null, $"the saved state of {count} tokens does not fit a coreset of at most {MaximumRows}. "
                + "Continue with the settings that it was saved with, or start from scratch.");
        }

        using var scope = torch.NewDisposeScope();
        _buffer = torch.empty(MaximumRows, state.Rows.shape[1], dtype: ScalarType.Float32, device: state.Rows.device).DetachFromDisposeScope();
        Append(state.Rows, 0);
        (_radius, Reductions) = (state.Radius, state.Reductions);
        for (int i = 0; i < count; i++)
        {
            (_images[i], _reach[i]) = (state.Images[i], state.Reach[i]);
        }
    }

    public void Dispose() => _buffer?.Dispose();

    // At most as many tokens as there is room for.
    private void Store(Tensor tokens, int image)
    {
        if (Count == 0)
        {
            Append(tokens, image);
            return;
        }

        var (squared, rows) = NearestNeighbours.Find(tokens, _buffer!.narrow(0, 0, Count));
        var (nearest, owner) = (squared.squeeze(1), rows.squeeze(1)); // [n]
        double limit = _radius * _radius;
        if (limit == 0)
        {
            var novel = nearest.gt(0).nonzero().squeeze(1);
            Append(tokens.index_select(0, novel), image);
            return;
        }

        // The farthest first, until the rest is covered.
        while (true)
        {
            using var step = torch.NewDisposeScope();
            long chosen = nearest.argmax().item<long>();
            if (nearest[chosen].item<float>() <= limit)
            {
                break;
            }

            var distance = (tokens - tokens[chosen]).square().sum(1); // not by lengths: small distances of long vectors would be noise
            owner.copy_(torch.where(distance.lt(nearest), torch.full_like(owner, Count), owner));
            nearest.copy_(torch.minimum(nearest, distance));
            nearest.narrow(0, chosen, 1).fill_(-1);
            Append(tokens.narrow(0, chosen, 1), image);
        }

        Cover(owner, nearest, null);
    }

    private void Append(Tensor tokens, int image)
    {
        int count = (int)tokens.shape[0];
        if (count > 0)
        {
            _buffer!.narrow(0, Count, count).copy_(tokens);
            _images.AsSpan(Count, count).Fill(image);
            _reach.AsSpan(Count, count).Clear();
            Count += count;
        }
    }

    // Rows take over what lies `squared` from them, and what those rows stood for.
    private void Cover(Tensor owner, Tensor squared, float[]? reach)
    {
        var (owners, distances) = (owner.to(torch.CPU).data<long>().ToArray(), squared.clamp(min: 0).sqrt().to(torch.CPU).data<float>().ToArray());
        for (int i = 0; i < owners.Length; i++)
        {
            _reach[owners[i]] = Math.Max(_reach[owners[i]], distances[i] + (reach?[i] ?? 0));
        }
    }

    private void Reduce()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        MoveToFront(GreedyCoreset.Order(_buffer!.narrow(0, 0, Count), Rows, _seed));
        var (kept, dropped) = (_buffer.narrow(0, 0, Rows), _buffer.narrow(0, Rows, Count - Rows));
        var (squared, rows) = NearestNeighbours.Find(dropped, kept);
        Cover(rows.squeeze(1), squared.squeeze(1), _reach[Rows..Count]);
        _radius = Math.Max(_radius, Math.Sqrt(squared.max().item<float>()));
        Count = Rows;
        Reductions++;
    }

    // By exchanging rows, a few at a time: no second buffer.
    private void MoveToFront(int[] chosen)
    {
        var front = chosen.Where(c => c < Rows).ToHashSet();
        var free = Enumerable.Range(0, Rows).Where(i => !front.Contains(i)).ToArray();
        var outside = chosen.Where(c => c >= Rows).ToArray();
        foreach (var part in Enumerable.Range(0, free.Length).Chunk(256))
        {
            using var scope = torch.NewDisposeScope();
            long[] to = [.. part.Select(i => (long)free[i])], from = [.. part.Select(i => (long)outside[i])];
            var (t, f) = (torch.tensor(to, device: _buffer!.device), torch.tensor(from, device: _buffer.device));
            var (a, b) = (_buffer.index_select(0, t), _buffer.index_select(0, f));
            _buffer.index_copy_(0, t, b);
            _buffer.index_copy_(0, f, a);
            foreach (int i in part)
            {
                (_images[free[i]], _images[outside[i]]) = (_images[outside[i]], _images[free[i]]);
                (_reach[free[i]], _reach[outside[i]]) = (_reach[outside[i]], _reach[free[i]]);
            }
        }
    }

    private void Check(Tensor tokens)
    {
        if (tokens.shape[1] != _buffer!.shape[1])
        {
            throw new ReferenceException(
                null, $"tokens have {tokens.shape[1]} values, those before {_buffer.shape[1]}. Compute all with the same backbone and layers.");
        }

        using var scope = torch.NewDisposeScope();
        if (!tokens.isfinite().all().item<bool>())
        {
            throw new ReferenceException(null, "tokens have values that are not finite. Check the weights and the precision of the backbone.");
        }
    }
}
