using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.Native;
using MfpClip.Parallelism;
using MfpClip.Pipeline;
using Microsoft.Extensions.Logging;

namespace MfpClip.References;

/// <summary>From images to entries of a bank. Each image is run alone, so that an entry does not depend on its neighbours.</summary>
internal sealed class ReferenceReader(
    IReferenceScheme scheme, InputSettings input, ILogger logger, ReferenceOptions options, (TilingOptions Options, TileInput Input)? tiling = null)
{
    /// <summary>Reads images that are not known yet. All unreadable ones are named in one error, before anything is computed.</summary>
    /// <param name="images">Normal images.</param>
    /// <param name="known">What is stored already.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <returns>Entries, the caller's own, and warnings about copies.</returns>
    public (List<ReferenceEntry> Entries, List<string> Warnings) Read(
        IReadOnlyList<ImageInput> images, IReadOnlyList<ReferenceEntry> known, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var entries = new List<ReferenceEntry>();
        var warnings = new List<string>();
        int done = 0;
        var seen = known.ToDictionary(k => k.Id, k => k.Name, StringComparer.Ordinal);
        var names = new ReferenceNames(known.Select(k => k.Name));
        try
        {
            foreach (var (image, decoded) in Decode(images, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (seen.TryGetValue(decoded.Id, out string? first))
                {
                    warnings.Add($"'{image.Name}' shows the same pixels as '{first}' and was left out.");
                }
                else
                {
                    string name = seen[decoded.Id] = names.Take(image.Name, decoded.Width, decoded.Height);
                    entries.Add(ScalarFault.Retry(() => Extract(name, decoded, cancellationToken), logger));
                    scheme.Bound(entries, known.Count, options);
                    if (image.Name != name && !ReferenceNames.IsGeneral(image.Name))
                    {
                        warnings.Add($"More than one reference is named '{image.Name}': this one is stored as '{name}'.");
                    }
                }

                progress?.Report(++done);
            }

            return (entries, warnings);
        }
        catch
        {
            entries.ForEach(e => e.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Adds images one after another, decoded ahead of the network. One that cannot be read is reported and left out; one that is stored already is not
    /// computed again.
    /// </summary>
    /// <param name="images">Normal images.</param>
    /// <param name="entries">What is stored already; takes what is computed, and is held in bounds.</param>
    /// <param name="warnings">Takes what is left out and why.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <returns>After each image, whether it was computed.</returns>
    public IEnumerable<(bool Computed, string? Unreadable)> Add(
        IReadOnlyList<ImageInput> images, List<ReferenceEntry> entries, List<string> warnings, CancellationToken cancellationToken)
    {
        var stored = entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        var seen = entries.ToDictionary(k => k.Id, k => k.Name, StringComparer.Ordinal);
        var names = new ReferenceNames(entries.Select(k => k.Name));
        foreach (var (image, decoded, fault) in OrderedAhead.Select(
            images.Count, i => Decoded(images[i], cancellationToken), ahead: 2, workers: 2, cancellationToken))
        {
            if (decoded is null)
            {
                warnings.Add($"{fault} It was left out.");
                yield return (false, fault);
                continue;
            }

            if (!seen.TryGetValue(decoded.Id, out string? first))
            {
                string name = seen[decoded.Id] = names.Take(image.Name, decoded.Width, decoded.Height);
                entries.Add(ScalarFault.Retry(() => Extract(name, decoded, cancellationToken), logger));
                scheme.Bound(entries, 0, options);
                yield return (true, null);
                continue;
            }

            // The first of an id that is in the file is that image itself.
            if (!stored.Remove(decoded.Id))
            {
                warnings.Add($"'{image.Name}' shows the same pixels as '{first}' and was left out.");
            }

            yield return (false, null);
        }
    }

    private (ImageInput Image, ReferencePixels? Decoded, string? Fault) Decoded(ImageInput image, CancellationToken cancellationToken)
    {
        try
        {
            return (image, ReferencePixels.Read(image, input, tiling?.Options, cancellationToken), null);
        }
        catch (ImageDecodeException e)
        {
            return (image, null, e.Message);
        }
    }

    // Decoded twice, so that a bad file among many costs nothing and a hundred large photos are never held at once.
    private IEnumerable<(ImageInput Image, ReferencePixels Decoded)> Decode(IReadOnlyList<ImageInput> images, CancellationToken cancellationToken)
    {
        var unreadable = new List<string>();
        var kept = new ReferencePixels?[images.Count];
        for (int i = 0; i < images.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var decoded = ReferencePixels.Read(images[i], input, tiling?.Options, cancellationToken);
                kept[i] = images[i].Stream is not null || images[i].Pixels is not null || decoded.Pixels is null ? decoded : null;
            }
            catch (ImageDecodeException e)
            {
                unreadable.Add(e.Message);
            }
        }

        if (unreadable.Count > 0)
        {
            throw new ReferenceException(
                null, $"{unreadable.Count} of {images.Count} cannot be read, so nothing was stored: {string.Join(" | ", unreadable)}");
        }

        return images.Select((image, i) => (image, kept[i] ?? ReferencePixels.Read(image, input, tiling?.Options, cancellationToken)));
    }

    private ReferenceEntry ReadEntry(string name, ReferencePixels image, ForwardContext context)
    {
        var layout = tiling is var (tiles, model) ? TileLayout.For(name, image.Width, image.Height, tiles, model) : null;
        if (layout is null || (layout.IsWhole && image.Pixels is not null))
        {
            return scheme.Read(image.Id, name, image.Pixels!, input, options, context);
        }

        // As a tested image: where it is read by rows, its whole is the small picture that is made on the way.
        bool joins = tiling!.Value.Options.WholeImage != WholeImageJoin.None;

        var entries = new List<(int Column, int Row, ReferenceEntry Entry)>();
        try
        {
            // No more is held of one image than of all.
            int most = Math.Max(2 * options.MaximumTokens / layout.Count, 1);
            ReferenceException? empty = null;
            using var reader = new TileReader(image.OpenRows(), layout, overview: joins && image.Pixels is null);
            foreach (var (column, row, part) in reader.Read((_, _) => true, context.CancellationToken))
            {
                try
                {
                    using var entry = scheme.Read(image.Id, name, part, input, options, context);
                    entries.Add((column, row, entry.Truncate(most)));
                }
                catch (ReferenceException e)
                {
                    empty = e; // a tile without any foreground, say: the others count
                }
            }

            if (entries.Count == 0)
            {
                throw empty!;
            }

            var whole = joins ? scheme.Read(image.Id, name, image.Pixels ?? reader.Overview!, input, options, context) : null;
            return TiledReference.Merge(image.Width, image.Height, layout, entries, whole);
        }
        catch
        {
            entries.ForEach(e => e.Entry.Dispose());
            throw;
        }
    }

    private ReferenceEntry Extract(string name, ReferencePixels image, CancellationToken cancellationToken)
    {
        var entry = ReadEntry(name, image, new ForwardContext { CancellationToken = cancellationToken });
        using var scope = torch.NewDisposeScope();
        if (float.IsFinite(entry.Score) && entry.Map.All(float.IsFinite) && entry.Tensors.All(t => t.Value.isfinite().all().item<bool>()))
        {
            return entry;
        }

        entry.Dispose();
        throw new InferenceException(
            $"Reference '{name}': the forward pass gave values that are not finite. In float16 values can overflow: use bfloat16 or float32.");
    }
}
