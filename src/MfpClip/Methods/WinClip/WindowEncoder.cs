using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;

namespace MfpClip.Methods.WinClip;

/// <summary>
/// What the tower makes of a batch of images, all float32: image <c>[B, C]</c>, patches <c>[B, N, D]</c>, windows of each set <c>[B, n, C]</c>.
/// </summary>
internal sealed record WindowEmbeddings(Tensor Image, Tensor Patches, IReadOnlyList<WindowSet> Sets, IReadOnlyList<Tensor> Windows);

/// <summary>
/// Dense features of windows (WinCLIP section 4.2): the class token and the patches of one window alone pass the tower, as if the rest of
/// the image were masked. Windows keep the positions they have in the image.
/// </summary>
/// <remarks>
/// The windows are cut behind <c>ln_pre</c>, which works on each token alone: cutting before it, as the reference does, gives the same.
/// </remarks>
internal sealed class WindowEncoder(IClipBackbone backbone, IWindowPlan plan, int windowBatch)
{
    /// <summary>Passes whole images and all their windows through the tower; results belong to the caller's dispose scope.</summary>
    public WindowEmbeddings Encode(ImageBatch images, Action<string> done, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var tower = backbone.Vision;
        using var whole = new ImageContext(backbone, null, images, new([tower.Layers]), context);
        var sets = plan.Windows(whole.Rows, whole.Columns);
        var tokens = whole.Embedded; // [B, 1 + N, D]
        var last = tower.RunBlocks(tokens, 0, tower.Layers, context);
        var image = tower.Project(last.select(1, 0)).to_type(ScalarType.Float32); // [B, C]
        var patches = tower.NormalizeLast(last.narrow(1, 1, last.shape[1] - 1)).to_type(ScalarType.Float32); // [B, N, D]
        context.Trace?.Keep("image_embeddings", image);
        context.Trace?.Keep("patch_embeddings", patches);
        done("image pass");
        var windows = new List<Tensor>();
        foreach (var set in sets)
        {
            windows.Add(Run(tokens, set, context).MoveToOuterDisposeScope());
            context.Trace?.Keep($"window_embeddings_scale{set.Scale}", windows[^1]);
            done($"windows of scale {set.Scale}");
        }

        return new(image.MoveToOuterDisposeScope(), patches.MoveToOuterDisposeScope(), sets, windows);
    }

    /// <summary>Patches of each window as a tensor, int64 <c>[n, k]</c>.</summary>
    public static Tensor Index(WindowSet set, Device device) => torch.tensor(
        set.Windows.SelectMany(w => w.Select(p => (long)p)).ToArray(), [set.Windows.Count, set.Windows[0].Count], device: device);

    private Tensor Run(Tensor tokens, WindowSet set, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var tower = backbone.Vision;
        var (B, D) = (tokens.shape[0], tokens.shape[2]);
        var (n, k) = (set.Windows.Count, set.Windows[0].Count);
        var inWindow = torch.cat([torch.zeros([n, 1], dtype: ScalarType.Int64, device: tokens.device), Index(set, tokens.device) + 1], 1); // class token first
        var all = tokens.index_select(1, inWindow.reshape(-1)).view(B * n, 1 + k, D);
        var parts = new List<Tensor>();
        for (long first = 0; first < B * n; first += windowBatch)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            var output = tower.RunBlocks(all.narrow(0, first, Math.Min(windowBatch, (B * n) - first)), 0, tower.Layers, context);
            parts.Add(tower.Project(output.select(1, 0)).to_type(ScalarType.Float32).MoveToOuterDisposeScope());
        }

        return torch.cat(parts, 0).view(B, n, -1).MoveToOuterDisposeScope();
    }
}
