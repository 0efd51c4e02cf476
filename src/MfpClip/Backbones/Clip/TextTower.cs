using MfpClip.Backbones.Transformers;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Clip;

/// <summary>CLIP's text transformer (openai/CLIP, clip/model.py, CLIP.encode_text).</summary>
internal sealed class TextTower : ITextTower, IDisposable
{
    private readonly ParameterSet _parameters;
    private readonly TransformerBlock[] _blocks;
    private readonly TransformerKernels _kernels; // without gradients
    private readonly double _eps;

    public TextTower(ClipConfig config, ParameterSet parameters, TransformerKernels kernels)
    {
        (_parameters, _kernels, _eps) = (parameters, kernels, config.LayerNormEps);
        (Width, Layers, EmbedDim) = (config.Text.Width, config.Text.Layers, config.EmbedDim);
        (ContextLength, VocabSize) = (config.Text.ContextLength, config.Text.VocabSize);
        _blocks = [.. Enumerable.Range(0, Layers).Select(i => new TransformerBlock(
            parameters, $"transformer.resblocks.{i}", config.Text.Heads, config.Activation, config.LayerNormEps, causal: true))];
    }

    public int Width { get; }

    public int Layers { get; }

    public int EmbedDim { get; }

    public int ContextLength { get; }

    public int VocabSize { get; }

    public Device Device => _parameters["text_projection"].device;

    public ScalarType Precision => _parameters["text_projection"].dtype;

    public Tensor EmbedTokens(Tensor ids)
    {
        using var scope = torch.NewDisposeScope();
        return _parameters["token_embedding.weight"].index_select(0, ids.to(Device).reshape(-1)).view(ids.shape[0], ids.shape[1], Width)
            .MoveToOuterDisposeScope();
    }

    public Tensor AddPositions(Tensor embeddings)
    {
        using var scope = torch.NewDisposeScope();
        return (embeddings + _parameters["positional_embedding"].narrow(0, 0, embeddings.shape[1])).MoveToOuterDisposeScope();
    }

    public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context) =>
        TransformerBlock.RunAll(_blocks.AsSpan(first, count), tokens, _eps, _kernels.For(context.Reproducible));

    public Tensor Project(Tensor tokens, Tensor endPositions)
    {
        using var scope = torch.NewDisposeScope();
        var x = F.layer_norm(tokens, [Width], _parameters["ln_final.weight"], _parameters["ln_final.bias"], _eps);
        var rows = torch.arange(tokens.shape[0], device: tokens.device);
        var read = x[torch.TensorIndex.Tensor(rows), torch.TensorIndex.Tensor(endPositions.to(tokens.device))]; // [S, d]
        return MatrixProduct.Of(read, _parameters["text_projection"]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="TransformerStack.KeepPacked"/>
    internal void KeepPacked(Tensor tokens)
    {
        using var guard = torch.no_grad();
        foreach (var block in _blocks)
        {
            block.KeepPacked(tokens, _kernels);
        }
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
        {
            block.Dispose();
        }
    }
}
